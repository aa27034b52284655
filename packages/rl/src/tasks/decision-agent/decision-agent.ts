import { requireIntegers, Random, type RandomStream } from '@heed/attention-core';
import { Task, type FitHistory, type SavedFiles, type TaskParts } from '@heed/tasks';
import { crossEntropy, dataLoader, fingerprint, parseConfig, type BatchTensors, type HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { actionDistribution, actionKindOf } from '../../distributions/action-distribution.ts';
import type { Environment } from '../../environments/environment.ts';
import { decidedAction, type DecidedAction } from '../../policies/decided-action.ts';
import { requireSpaces, spacesJson, spacesSchema, type Spaces } from '../../policies/agent-spaces.ts';
import {
  createDecisionTransformer,
  type DecisionTransformer,
} from '../../models/decision-transformer/decision-transformer.ts';
import {
  decisionTransformerNames,
  publishedDecisionTransformerConfig,
} from '../../models/decision-transformer/decision-transformer.names.ts';
import { flatSize } from '../../spaces/flatten.ts';
import { requireTrajectories, returnOf, type TrajectorySet } from '../../trajectories/trajectory.ts';
import { returnsToGo, windowBatch, type Window, type WindowBatch } from '../../trajectories/trajectory-windows.ts';
import { playToReturn, type ReturnEvaluation } from '../../evaluation/play-to-return.ts';
import {
  decisionAgentSchema,
  decisionRecipe,
  type DecisionActOptions,
  type DecisionAgentConfig,
  type DecisionEvaluateOptions,
  type DecisionFitOptions,
  type DecisionInput,
} from './decision-agent-config.ts';

interface DecisionAgentParts extends TaskParts, Spaces {
  readonly model: DecisionTransformer;
}

type LabelledWindows = WindowBatch & {
  /** int32 [B · T]: the choice, −1 where there is no step. */
  readonly choices: HostVector;
  /** [B · T]: 1 where there is a step. */
  readonly counted: HostVector;
};

/**
 * Learns to act from recorded episodes: which action follows, given the return that came of it (Decision Transformer). Asked for a high return it does what
 * led to one.
 *
 * `fit` uses AdamW with a learning rate of 0.001, batches of 64 windows, 10 epochs.
 *
 * @example
 * ```ts
 * import { DecisionAgent, keyToDoor, randomTrajectories } from '@heed/rl';
 * const agent = new DecisionAgent({ modelWidth: 32, layers: 1, contextLength: 30 });
 * await agent.fit(randomTrajectories(() => keyToDoor(), { episodes: 200 }), { epochs: 2 });
 * const { successRate } = await agent.evaluate(() => keyToDoor(), { targetReturn: 1, episodes: 10 });
 * ```
 */
export class DecisionAgent extends Task<DecisionAgentConfig, DecisionAgentParts> {
  static readonly kind = { name: 'DecisionAgent', schema: decisionAgentSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: Partial<DecisionAgentConfig> = {}) {
    super(DecisionAgent.kind, config);
  }

  /**
   * Learns from recorded episodes; again on a trained agent it goes on from its weights.
   *
   * @throws if there are no trajectories, one is cut, too long or outside of the spaces, or a checkpoint is of another run
   */
  async fit(recorded: TrajectorySet, options: DecisionFitOptions = {}): Promise<FitHistory> {
    const { fraction = 1 } = options;
    if (!(fraction > 0 && fraction <= 1)) {
      throw new Error(`DecisionAgent.fit: fraction must be in (0, 1], got ${fraction}`);
    }
    return this.train<LabelledWindows>(
      options,
      decisionRecipe,
      () => this.create(recorded),
      (parts, { batchSize }) => {
        requireSpaces('DecisionAgent.fit', parts, recorded);
        requireTrajectories('DecisionAgent.fit', recorded);
        const { maximumSteps } = this.config;
        const longest = recorded.trajectories.reduce((most, { rewards }) => Math.max(most, rewards.length), 0);
        if (longest > maximumSteps) {
          throw new Error(
            `DecisionAgent.fit: episodes must have at most maximumSteps=${maximumSteps} steps, got ${longest}`,
          );
        }
        const best = [...recorded.trajectories].sort((a, b) => returnOf(b) - returnOf(a));
        const chosen = best.slice(0, Math.ceil(fraction * best.length));
        const sums = chosen.map(({ rewards }) => returnsToGo(rewards));
        return {
          loss: (batch, { random }) => this.loss(parts, batch, random),
          data: dataLoader({
            examples: chosen.length,
            batchSize,
            seed: this.config.seed,
            make: (members) => {
              const random = new Random(this.config.seed).fork(`windows ${members.join(' ')}`); // the same in a resumed run
              return this.labelled(
                members.map((index) => {
                  const { observations, actions, rewards } = chosen[index];
                  const end = 1 + random.integer(rewards.length);
                  return this.window({
                    observations: observations.slice(0, end),
                    actions: actions.slice(0, end),
                    returnsToGo: sums[index].slice(0, end),
                  });
                }),
                parts,
              );
            },
          }),
          identity: {
            ...spacesJson(parts),
            fraction,
            data: fingerprint(chosen.flatMap(({ rewards }) => rewards)),
            trajectories: chosen.length,
          },
        };
      },
    );
  }

  /** What to do in each of many episodes, in their order. @throws if an episode has no observation, or other numbers of actions or returns than fit it */
  async actAll(
    inputs: readonly DecisionInput[],
    { batchSize = 64, signal }: DecisionActOptions = {},
  ): Promise<DecidedAction[]> {
    const parts = this.require('act');
    const { model, actionSpace } = parts;
    const distribution = actionDistribution(actionKindOf('DecisionAgent.act', actionSpace));
    for (const [index, { observations, actions, returnsToGo: wanted }] of inputs.entries()) {
      if (
        observations.length > 0 &&
        actions.length === observations.length - 1 &&
        wanted.length === observations.length
      )
        continue;
      const got = `${observations.length} observations, ${actions.length} actions, ${wanted.length} returns`;
      throw new Error(
        `DecisionAgent.act: an episode must have as many returns as observations and one action less, got ${got} in episode ${index}`,
      );
    }
    return this.predictInBatches(
      'act',
      inputs.map((input) => this.window(input)),
      {
        size: ({ steps }) => steps.observations.length,
        maximumSize: this.config.contextLength,
        batch: (windows, length) => ({
          ...windowBatch(windows, length, parts),
          last: {
            data: Int32Array.from(windows, ({ steps }, i) => i * length + steps.observations.length - 1),
            shape: [windows.length] as const,
          },
        }),
        forward: ({ last, ...batch }) => {
          const { actions } = model.forward(batch);
          return { parameters: tf.gather(tf.reshape(actions, [-1, actions.shape[2]]), last) }; // [B, A]
        },
        result: ({ parameters }) => decidedAction(parameters.data as Float32Array, distribution, actionSpace),
      },
      { batchSize, signal },
    );
  }

  /** The same in one episode. @throws as `actAll` */
  async act(input: DecisionInput, options: DecisionActOptions = {}): Promise<DecidedAction> {
    return (await this.actAll([input], options))[0];
  }

  /**
   * Plays whole episodes and asks for a return.
   *
   * @throws if the environment's spaces are others, or `episodes` is no positive integer
   */
  async evaluate(make: () => Environment, options: DecisionEvaluateOptions): Promise<ReturnEvaluation> {
    const { targetReturn, episodes = 20, mode = 'sampled', seed = 1, signal } = options;
    const parts = this.require('evaluate');
    requireIntegers('DecisionAgent.evaluate', { episodes });
    const environments = Array.from({ length: episodes }, () => make());
    requireSpaces('DecisionAgent.evaluate', parts, environments[0]);
    return playToReturn({
      environments,
      targetReturn,
      draws: mode === 'sampled' ? new Random(seed).fork('draws') : undefined,
      seed,
      act: (inputs) => this.actAll(inputs, { ...(signal && { signal }) }),
    });
  }

  protected describe(parts: DecisionAgentParts) {
    return {
      state: spacesJson(parts),
      names: decisionTransformerNames,
      published: publishedDecisionTransformerConfig(parts.model.config),
    };
  }

  protected restore({ state }: SavedFiles): DecisionAgentParts {
    return this.create(parseConfig('DecisionAgent.load', spacesSchema, state));
  }

  private create({ observationSpace, actionSpace }: Spaces): DecisionAgentParts {
    actionKindOf('DecisionAgent', actionSpace); // refuses others
    const { modelWidth, layers, heads, maximumSteps, dropout, seed } = this.config;
    const sizes = {
      stateSize: flatSize(observationSpace),
      actionSize: flatSize(actionSpace),
      modelWidth,
      layers,
      heads,
      maximumSteps,
    };
    const model = createDecisionTransformer({ ...sizes, dropout, tanhActions: false, positions: 1 }, seed);
    return { model, observationSpace, actionSpace };
  }

  /** The newest steps; without the wanted return where the agent does not read it. */
  private window({ observations, actions, returnsToGo: wanted }: DecisionInput): Window {
    const start = Math.max(0, observations.length - this.config.contextLength);
    const read = this.config.returnConditioned ? wanted.slice(start) : wanted.slice(start).map(() => 0);
    return {
      start,
      steps: { observations: observations.slice(start), actions: actions.slice(start), returnsToGo: read },
    };
  }

  private labelled(windows: readonly Window[], parts: DecisionAgentParts): LabelledWindows {
    const { contextLength } = this.config;
    const rows = windows.length * contextLength;
    const choices = new Int32Array(rows).fill(-1);
    const counted = new Float32Array(rows);
    for (const [row, { steps }] of windows.entries()) {
      for (const [step, action] of steps.actions.entries()) {
        counted[row * contextLength + step] = 1;
        if (typeof action === 'number') choices[row * contextLength + step] = action;
      }
    }
    return {
      ...windowBatch(windows, contextLength, parts),
      choices: { data: choices, shape: [rows] },
      counted: { data: counted, shape: [rows] },
    };
  }

  private loss(
    { model, actionSpace }: DecisionAgentParts,
    batch: BatchTensors<LabelledWindows>,
    random: RandomStream,
  ): tf.Scalar {
    return tf.tidy(() => {
      const { actions } = model.forward(batch, { random });
      const rows = tf.reshape(actions, [-1, actions.shape[2]]) as tf.Tensor2D; // [B · T, A]
      if (actionSpace.kind === 'discrete') return crossEntropy(rows, batch.choices, { ignoreIndex: -1 });
      const errors = tf.mean(tf.squaredDifference(rows, tf.reshape(batch.actions, rows.shape)), 1); // [B · T]
      return tf.div(tf.sum(tf.mul(errors, batch.counted)), tf.sum(batch.counted));
    });
  }
}
