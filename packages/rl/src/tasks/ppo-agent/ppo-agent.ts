import { requireIntegers, labelMap, Random, type LabelledMap } from '@heed/attention-core';
import { Task, type SavedFiles, type TaskParts } from '@heed/tasks';
import { parseConfig, type BatchTensors, type LossResult } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import {
  actionDistribution,
  actionKindOf,
  maskLogits,
  type ActionDistribution,
} from '../../distributions/action-distribution.ts';
import { playEpisodes } from '../../evaluation/play-episodes.ts';
import { ppoLoss } from '../../losses/ppo-loss.ts';
import { requireSpaces, spacesJson, spacesSchema, type Spaces } from '../../policies/agent-spaces.ts';
import { decidedAction } from '../../policies/decided-action.ts';
import { createPolicy } from '../../policies/create-policy.ts';
import type { Policy } from '../../policies/policy.ts';
import { PolicyRunner } from '../../rollouts/policy-runner.ts';
import { batchesPerRollout, MASKS, MEMORY, type PolicyBatch } from '../../rollouts/rollout-batches.ts';
import { RolloutCollector, type FinishedEpisode } from '../../rollouts/rollout-collector.ts';
import { flatSize } from '../../spaces/flatten.ts';
import { EnvironmentVector } from '../../vectors/environment-vector.ts';
import { episodeBatch, episodeRows } from './episode-rows.ts';
import { epochBatches, epochsOf, sizesOf } from './rollout-plan.ts';
import {
  ppoAgentSchema,
  ppoFitSchema,
  ppoRecipe,
  type ActOptions,
  type Decision,
  type EpisodeSoFar,
  type EvaluateOptions,
  type MakeEnvironment,
  type PpoAgentConfig,
  type PpoAgentOptions,
  type PpoEvaluation,
  type PpoFitOptions,
  type PpoHistory,
  type PpoSettings,
} from './ppo-agent-config.ts';

interface PpoAgentParts extends TaskParts, Spaces {
  readonly model: Policy;
  readonly distribution: ActionDistribution;
}

/**
 * Learns to act by proximal policy optimization.
 *
 * `fit` acts in several environments at once and learns from what happened, rollout after rollout, by CleanRL's settings: 500,000 steps, Adam at 2.5e-4
 * decayed to 0, 4 environments × 128 steps, 4 passes in batches of 128. An epoch is one rollout and what is learned from it.
 *
 * @example
 * ```ts
 * import { cartPole, PpoAgent } from '@heed/rl';
 * const agent = new PpoAgent({ seed: 1 });
 * await agent.fit(() => cartPole(), { environmentSteps: 4096 });
 * const { meanReturn } = await agent.evaluate(() => cartPole(), { episodes: 10 });
 * const { action } = await agent.act([cartPole().reset({ seed: 3 }).observation]);
 * ```
 */
export class PpoAgent extends Task<PpoAgentConfig, PpoAgentParts> {
  static readonly kind = { name: 'PpoAgent', schema: ppoAgentSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: PpoAgentOptions = {}) {
    super(PpoAgent.kind, { architecture: 'mlp', ...config });
  }

  /**
   * Learns in environments; again on a trained agent it goes on from its weights.
   *
   * @param make a new environment of the kind, as often as there are to be
   * @throws if spaces are others than the agent's or cannot be learned in, numbers of steps do not divide, an environment breaks its rules, or a checkpoint
   *   is of another run
   */
  async fit(make: MakeEnvironment, options: PpoFitOptions = {}): Promise<PpoHistory> {
    const settings = parseConfig('PpoAgent.fit', ppoFitSchema, options);
    const spaces = make(0);
    const episodes: PpoHistory['episodes'][number][] = [];
    const onEpisode = (episode: FinishedEpisode) => {
      const { info: _, ...counted } = episode;
      episodes.push(counted);
      options.onEpisode?.(episode);
    };
    let runner: PolicyRunner | undefined;
    let collector: RolloutCollector | undefined;
    try {
      const history = await this.train<PolicyBatch>(
        { ...options, ...epochsOf(settings, options) },
        ppoRecipe,
        () => this.create(spaces),
        (parts, recipe) => {
          requireSpaces('PpoAgent.fit', parts, spaces);
          const sizes = sizesOf(settings, recipe, parts.model, this.config.seed);
          runner = this.runner('fit', parts, settings.environments, this.config.seed, false);
          const { environments, rolloutSteps, segmentLength } = sizes;
          const { model: policy } = parts;
          const fixed = { policy, runner, make, environments, rolloutSteps, segmentLength, onEpisode };
          const { signal } = options;
          collector = new RolloutCollector({ ...settings, ...fixed, seed: this.config.seed, signal });
          const perEpoch = batchesPerRollout(sizes);
          const epochs = recipe.steps === undefined ? recipe.epochs : Math.ceil(recipe.steps / perEpoch);
          return {
            loss: (batch) => this.loss(parts, batch, settings),
            data: Object.assign((epoch: number) => epochBatches(collector!, epoch, epochs, sizes, settings), {
              perEpoch,
            }),
            identity: {
              environment: spaces.name,
              ...spacesJson(spaces),
              settings: { ...settings, environmentSteps: 0 },
            },
            evaluation: options.validation && {
              run: async () => ({
                meanReturn: (await this.evaluate(options.validation!.make, options.validation)).meanReturn,
              }),
              monitor: 'meanReturn',
              goal: 'max',
            },
            state: { rollouts: collector },
          };
        },
      );
      return { ...history, episodes };
    } finally {
      await collector?.settled();
      runner?.dispose();
    }
  }

  /**
   * What to do after what was seen in an episode so far. Nothing is remembered between two calls: all that a memory needs is given.
   *
   * @param observations from the episode's first to the present one; of a policy without memory only the last counts
   * @throws if there are none, or one is not of the agent's space
   */
  async act(
    observations: EpisodeSoFar['observations'],
    options: ActOptions & Pick<EpisodeSoFar, 'actionMask'> = {},
  ): Promise<Decision> {
    const { actionMask } = options;
    return (await this.actAll([{ observations, ...(actionMask && { actionMask }) }], options))[0];
  }

  /** The same in many episodes, in their order. @throws as `act` */
  async actAll(
    episodes: readonly EpisodeSoFar[],
    { batchSize = 64, attention = false, signal }: ActOptions = {},
  ): Promise<Decision[]> {
    const { model, distribution, observationSpace, actionSpace } = this.require('act');
    const remembers = Object.keys(model.memoryShapes).length > 0;
    const rows = episodeRows('PpoAgent.act', episodes, observationSpace, remembers);
    return this.predictInBatches(
      'act',
      rows,
      {
        size: ({ length }) => length,
        batch: (chosen, length) => episodeBatch(chosen, length, flatSize(observationSpace)),
        forward: ({ observations, last }) => {
          const [count, length] = observations.shape;
          const starts = tf.pad(tf.ones([count, 1]), [
            [0, 0],
            [0, length - 1],
          ]) as tf.Tensor2D;
          const { parameters, values } = model.segment({ observations, starts, memory: {} });
          return { parameters: tf.gather(parameters, last), values: tf.gather(values, last) };
        },
        result: ({ parameters, values }, { length, actionMask }, row, maps) => {
          const labels = Array.from({ length }, (_, step) => String(step));
          const attended = (): LabelledMap[] =>
            maps.map((map) => labelMap(map, { batch: row, rows: labels, columns: labels }));
          return {
            ...decidedAction(parameters.data as Float32Array, distribution, actionSpace, actionMask),
            value: values.data[0],
            ...(attention && { attention: attended() }),
          };
        },
      },
      { batchSize, signal, attention },
    );
  }

  /**
   * Plays whole episodes on seeds of their own.
   *
   * @param make an environment of the kind that it learned in
   * @throws if the environment's spaces are others, or `episodes` is no positive integer
   */
  async evaluate(make: MakeEnvironment, options: EvaluateOptions = {}): Promise<PpoEvaluation> {
    const { episodes = 20, mode = 'greedy', seed = 1, hide, signal } = options;
    const parts = this.require('evaluate');
    requireIntegers('PpoAgent.evaluate', { episodes });
    const { memorySlots } = parts.model;
    if (hide !== undefined && memorySlots === 0) {
      throw new Error(
        `PpoAgent.evaluate: hide needs a memory that is attended to, got architecture ${this.config.architecture}`,
      );
    }
    const [own] = new Random(seed).fork('evaluation').words(1);
    const count = Math.min(episodes, options.environments ?? 16);
    const vector = new EnvironmentVector(make, { count, seed: own, autoreset: 'same-step' });
    requireSpaces('PpoAgent.evaluate', parts, vector);
    const runner = this.runner('evaluate', parts, count, own, mode === 'greedy');
    try {
      const played = await playEpisodes({ runner, vector, episodes, memorySlots, hide, signal });
      const returns = played.map((episode) => episode.return);
      const successes = played.flatMap(({ info: { success } }) =>
        typeof success === 'boolean' ? [Number(success)] : [],
      );
      const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        meanReturn: mean(returns),
        returns,
        lengths: played.map(({ length }) => length),
        ...(successes.length > 0 && { successRate: mean(successes) }),
      };
    } finally {
      runner.dispose();
    }
  }

  protected describe(parts: PpoAgentParts) {
    return { state: spacesJson(parts) };
  }

  protected restore({ state }: SavedFiles): PpoAgentParts {
    return this.create(parseConfig('PpoAgent.load', spacesSchema, state));
  }

  private create({ observationSpace, actionSpace }: Spaces): PpoAgentParts {
    const actions = actionKindOf('PpoAgent', actionSpace);
    const model = createPolicy(this.config, { observationSize: flatSize(observationSpace), actions });
    return { model, distribution: actionDistribution(actions), observationSpace, actionSpace };
  }

  private runner(method: string, parts: PpoAgentParts, count: number, seed: number, greedy: boolean): PolicyRunner {
    const { model: policy, distribution } = parts;
    return new PolicyRunner({ policy, distribution, run: this.recorded(method), count, seed, greedy });
  }

  private loss(parts: PpoAgentParts, batch: BatchTensors<PolicyBatch>, settings: PpoSettings): LossResult {
    const { model, distribution } = parts;
    return tf.tidy(() => {
      const memories = Object.entries(batch).filter(([name]) => name.startsWith(MEMORY));
      const memory = Object.fromEntries(memories.map(([name, tensor]) => [name.slice(MEMORY.length), tensor]));
      const { parameters: raw, values } = model.segment({
        observations: batch.observations,
        starts: batch.starts,
        memory,
      });
      const masks = batch[MASKS] as tf.Tensor2D | undefined;
      const parameters = masks === undefined ? raw : maskLogits(raw, masks);
      const inputs = {
        logProbabilities: distribution.logProbability(parameters, batch.actions),
        values,
        entropies: distribution.entropy(parameters),
        oldLogProbabilities: batch.logProbabilities,
        oldValues: batch.values,
        advantages: batch.advantages,
        returns: batch.returns,
        entropyWeight: batch.entropyWeight,
      };
      return { ...ppoLoss(inputs, settings), return: tf.squeeze(batch.meanReturn) };
    });
  }
}
