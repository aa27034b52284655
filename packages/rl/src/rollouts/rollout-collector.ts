import type { HostArray, PartState, StatefulPart } from '@heed/training';
import type { Environment, Info } from '../environments/environment.ts';
import { EnvironmentVector, type SameStepResult, type VectorState } from '../vectors/environment-vector.ts';
import { RunningMoments, type Moments } from '../wrappers/running-moments.ts';
import { advantages } from './advantages.ts';
import { actionMasks, environmentActions } from './environment-actions.ts';
import type { PolicyRunner } from './policy-runner.ts';
import type { Policy } from '../policies/policy.ts';

/** T steps of N environments, environment by environment: what a policy learns from. */
export interface Rollout {
  /** [N, T, O] */
  readonly observations: Float32Array;
  /** [N, T, W] */
  readonly actions: Float32Array;
  /** [N, T], as all that follow. */
  readonly logProbabilities: Float32Array;
  readonly values: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
  /** 1 where an episode begins. */
  readonly starts: Float32Array;
  /** [N, T, actions], where environments mask actions. */
  readonly masks?: Float32Array;
  /** What was remembered before each segment, by name: [segments · N, ...], segment by segment. */
  readonly memories: Readonly<Record<string, HostArray>>;
}

/** An episode that is over. */
export interface FinishedEpisode {
  /** Steps of all environments when it was. */
  readonly environmentSteps: number;
  /** Sum of its rewards, as the environment gave them. */
  readonly return: number;
  readonly length: number;
  /** What the environment said of the last step. */
  readonly info: Info;
}

export interface RolloutOptions {
  readonly policy: Policy;
  readonly runner: PolicyRunner;
  readonly make: (index: number) => Environment;
  /** N. */
  readonly environments: number;
  /** T. */
  readonly rolloutSteps: number;
  /** Steps of a segment: T is a multiple. */
  readonly segmentLength: number;
  readonly discount: number;
  readonly lambda: number;
  readonly seed: number;
  readonly normaliseRewards: boolean;
  /** Whether the value of the final observation stands for what a cut took away. */
  readonly bootstrapTruncated: boolean;
  readonly onEpisode?: ((episode: FinishedEpisode) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Everything between two rollouts that the next one depends on. */
interface Standing {
  readonly epoch: number;
  readonly vector: VectorState;
  readonly position: number;
  readonly moments: Moments;
  readonly rewardMoments: Moments;
  readonly accumulated: readonly number[];
  readonly running: readonly { readonly return: number; readonly length: number }[];
  readonly starts: readonly number[];
  readonly steps: number;
  readonly recent: readonly number[];
}

/** Of how many episodes the mean return is kept. */
const RECENT = 100;

/**
 * Lets a policy act in environments, and computes advantages. It stands still between two rollouts, and there it can be saved and restored; the rollout that
 * is being learned from is saved with it.
 */
export class RolloutCollector implements StatefulPart {
  readonly vector: EnvironmentVector<'same-step'>;
  private readonly moments: RunningMoments;
  private readonly rewardMoments = new RunningMoments(1);
  private accumulated: Float64Array;
  private running: { return: number; length: number }[];
  private starts: Float32Array;
  private observations: Float32Array;
  private infos: readonly Info[];
  private steps = 0;
  private recent: number[] = [];
  private latest: { readonly epoch: number; readonly rollout: Rollout } | undefined;
  private standing: { readonly json: Standing; readonly memory: Readonly<Record<string, HostArray>> } | undefined;
  private collecting: Promise<unknown> = Promise.resolve();

  /** @throws if an environment's first observation is not of its space */
  constructor(private readonly options: RolloutOptions) {
    const { make, environments: count, seed } = options;
    this.vector = new EnvironmentVector(make, { count, seed, autoreset: 'same-step' });
    ({ observations: this.observations, infos: this.infos } = this.vector.reset());
    this.moments = new RunningMoments(this.vector.size);
    this.accumulated = new Float64Array(count);
    this.running = Array.from({ length: count }, () => ({ return: 0, length: 0 }));
    this.starts = new Float32Array(count).fill(1);
  }

  /** Mean return of the last episodes that are over; 0 before the first is. */
  get meanReturn(): number {
    return this.recent.length === 0 ? 0 : this.recent.reduce((sum, value) => sum + value) / this.recent.length;
  }

  /** The rollout of an epoch: collected, or the one that was restored. @throws the signal's reason when it aborts */
  collect(epoch: number): Promise<Rollout> {
    if (this.latest?.epoch === epoch) return Promise.resolve(this.latest.rollout);
    const collected = this.run(epoch);
    this.collecting = collected.catch(() => undefined);
    return collected;
  }

  /** Waits until nothing runs any more. */
  async settled(): Promise<void> {
    await this.collecting;
  }

  async save(): Promise<PartState> {
    const { json, memory } = this.standing ?? (await this.stand());
    const { latest } = this;
    const { memories = {}, ...numbers } = latest?.rollout ?? {};
    const arrays: Record<string, HostArray> = {};
    for (const [name, array] of Object.entries(memory)) if (array.data.length > 0) arrays[`memory.${name}`] = array;
    for (const [name, array] of Object.entries(memories)) arrays[`memories.${name}`] = array;
    for (const [name, data] of Object.entries(numbers)) {
      arrays[`rollout.${name}`] = { data: data as Float32Array, shape: [(data as Float32Array).length] };
    }
    return { arrays, json: { ...json, latest: latest?.epoch } };
  }

  load({ arrays = {}, json }: PartState): void {
    const { latest, ...standing } = json as Standing & { readonly latest?: number };
    const { runner } = this.options;
    const under = (prefix: string) =>
      Object.entries(arrays)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, array]) => [name.slice(prefix.length), array] as const);
    ({ observations: this.observations, infos: this.infos } = this.vector.load(standing.vector));
    runner.restore(Object.fromEntries(under('memory.')), standing.position);
    this.moments.restore(standing.moments);
    this.rewardMoments.restore(standing.rewardMoments);
    this.accumulated = Float64Array.from(standing.accumulated);
    this.running = standing.running.map((episode) => ({ ...episode }));
    this.starts = Float32Array.from(standing.starts);
    this.steps = standing.steps;
    this.recent = [...standing.recent];
    if (latest === undefined) return;
    const numbers = Object.fromEntries(under('rollout.').map(([name, { data }]) => [name, data]));
    const rollout = { ...numbers, memories: Object.fromEntries(under('memories.')) } as unknown as Rollout;
    this.latest = { epoch: latest, rollout };
  }

  private async run(epoch: number): Promise<Rollout> {
    this.standing = await this.stand(); // what a save in the middle of it goes back to
    this.learnScales();
    const rollout = await this.gather();
    this.latest = { epoch, rollout };
    this.standing = undefined;
    return rollout;
  }

  /** Scales of observations change between rollouts only: while one is learned from, they are those it was made with. */
  private learnScales(): void {
    const { policy } = this.options;
    if (policy.normaliser === undefined || this.latest === undefined) return;
    this.moments.update(this.latest.rollout.observations);
    policy.normaliser.set(this.moments.moments());
  }

  private async gather(): Promise<Rollout> {
    const { runner, environments: count, rolloutSteps, segmentLength, signal } = this.options;
    const { size, actionSpace } = this.vector;
    const total = count * rolloutSteps;
    const masks: Float32Array[] = [];
    const memories: Record<string, HostArray>[] = [];
    const numbers = {
      rewards: new Float32Array(total),
      values: new Float32Array(total),
      logProbabilities: new Float32Array(total),
      starts: new Float32Array(total),
      terminated: new Float32Array(total),
      truncated: new Float32Array(total),
      finalValues: new Float32Array(total),
    };
    const observations = new Float32Array(total * size);
    let actions: Float32Array | undefined;
    for (let step = 0; step < rolloutSteps; step++) {
      signal?.throwIfAborted();
      if (step % segmentLength === 0) memories.push(await runner.remembered());
      const mask = actionMasks(this.infos, actionSpace);
      const acted = await runner.act({ observations: this.observations, starts: this.starts, masks: mask });
      const width = acted.actions.length / count;
      actions ??= new Float32Array(total * width);
      if (mask !== undefined) masks.push(mask);
      const result = this.vector.step(environmentActions(actionSpace, acted.actions, count));
      const finals = await this.finalValues(result);
      for (let row = 0; row < count; row++) {
        const at = row * rolloutSteps + step;
        observations.set(this.observations.subarray(row * size, (row + 1) * size), at * size);
        actions.set(acted.actions.subarray(row * width, (row + 1) * width), at * width);
        numbers.starts[at] = this.starts[row];
        numbers.logProbabilities[at] = acted.logProbabilities[row];
        numbers.values[at] = acted.values[row];
        numbers.terminated[at] = result.terminated[row];
        // an end of the task that falls on the time limit is an end of the task
        const isCut = result.truncated[row] === 1 && result.terminated[row] === 0;
        numbers.truncated[at] = Number(isCut);
        numbers.finalValues[at] = isCut ? (finals?.[row] ?? 0) : 0;
        numbers.rewards[at] = this.scaled(row, result.rewards[row], result.terminated[row]);
        this.count(row, result);
      }
      ({ observations: this.observations, infos: this.infos } = result);
      this.starts = Float32Array.from(result.terminated, (ended, row) => ended | result.truncated[row]);
    }
    const nextValues = await runner.valuesOf(this.observations, this.starts);
    return this.rolloutOf(numbers, { observations, actions: actions!, nextValues, masks, memories });
  }

  private async finalValues({
    finalObservations,
    terminated,
    truncated,
  }: SameStepResult): Promise<Float32Array | undefined> {
    const cut = finalObservations.map((_, row) => truncated[row] === 1 && terminated[row] === 0);
    if (!this.options.bootstrapTruncated || !cut.includes(true)) return undefined;
    const { size, count } = this.vector;
    const finals = new Float32Array(count * size);
    for (const [row, observation] of finalObservations.entries()) {
      if (observation !== undefined) finals.set(observation, row * size);
    }
    return this.options.runner.valuesOf(finals, new Float32Array(count));
  }

  private scaled(row: number, reward: number, terminated: number): number {
    const { normaliseRewards, discount } = this.options;
    if (!normaliseRewards) return reward;
    this.accumulated[row] = this.accumulated[row] * discount * (1 - terminated) + reward;
    this.rewardMoments.update([this.accumulated[row]]);
    const scaled = reward / Math.sqrt(this.rewardMoments.moments().variance[0] + 1e-8);
    return Math.min(Math.max(scaled, -10), 10);
  }

  private count(row: number, { rewards, terminated, truncated, finalInfos }: SameStepResult): void {
    const episode = this.running[row];
    episode.return += rewards[row];
    episode.length++;
    this.steps++;
    if (terminated[row] === 0 && truncated[row] === 0) return;
    this.options.onEpisode?.({ environmentSteps: this.steps, ...episode, info: finalInfos[row] ?? {} });
    this.recent = [...this.recent, episode.return].slice(-RECENT);
    this.running[row] = { return: 0, length: 0 };
  }

  private rolloutOf(
    numbers: Readonly<Record<'rewards' | 'values' | 'logProbabilities' | 'starts', Float32Array>> &
      Readonly<Record<'terminated' | 'truncated' | 'finalValues', Float32Array>>,
    rest: {
      readonly observations: Float32Array;
      readonly actions: Float32Array;
      readonly nextValues: Float32Array;
      readonly masks: readonly Float32Array[];
      readonly memories: readonly Readonly<Record<string, HostArray>>[];
    },
  ): Rollout {
    const { environments: count, rolloutSteps, discount, lambda } = this.options;
    const { observations, actions, nextValues, masks, memories } = rest;
    const estimates = new Float32Array(count * rolloutSteps);
    for (let row = 0; row < count; row++) {
      const own = (all: Float32Array) => all.subarray(row * rolloutSteps, (row + 1) * rolloutSteps);
      const { rewards, values, terminated, truncated, finalValues } = numbers;
      const steps = {
        rewards: own(rewards),
        values: own(values),
        terminated: own(terminated),
        truncated: own(truncated),
        finalValues: own(finalValues),
        nextValue: nextValues[row],
      };
      estimates.set(advantages(steps, discount, lambda), row * rolloutSteps);
    }
    return {
      observations,
      actions,
      logProbabilities: numbers.logProbabilities,
      values: numbers.values,
      starts: numbers.starts,
      advantages: estimates,
      returns: estimates.map((estimate, i) => estimate + numbers.values[i]),
      ...(masks.length > 0 && { masks: byEnvironment(masks, count) }),
      memories: joined(memories),
    };
  }

  private async stand(): Promise<{ json: Standing; memory: Record<string, HostArray> }> {
    const { runner } = this.options;
    const json: Standing = {
      epoch: this.latest?.epoch ?? -1,
      vector: this.vector.save(),
      position: runner.position(),
      moments: this.moments.moments(),
      rewardMoments: this.rewardMoments.moments(),
      accumulated: [...this.accumulated],
      running: this.running.map((episode) => ({ ...episode })),
      starts: [...this.starts],
      steps: this.steps,
      recent: [...this.recent],
    };
    return { json, memory: await runner.remembered() };
  }
}

/** Step by step [T][N · A] to environment by environment [N, T, A]. */
function byEnvironment(steps: readonly Float32Array[], count: number): Float32Array {
  const width = steps[0].length / count;
  const all = new Float32Array(steps.length * count * width);
  for (const [step, rows] of steps.entries()) {
    for (let row = 0; row < count; row++) {
      all.set(rows.subarray(row * width, (row + 1) * width), (row * steps.length + step) * width);
    }
  }
  return all;
}

/** What was remembered before each segment, one below the other. */
function joined(memories: readonly Readonly<Record<string, HostArray>>[]): Record<string, HostArray> {
  const names = Object.keys(memories[0]);
  return Object.fromEntries(
    names.map((name) => {
      const parts = memories.map((memory) => memory[name]);
      const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
      let at = 0;
      for (const part of parts) {
        data.set(part.data, at);
        at += part.data.length;
      }
      const [rows, ...rest] = parts[0].shape;
      return [name, { data, shape: [rows * parts.length, ...rest] }];
    }),
  );
}
