import { requireIntegers, Random } from '@heed/attention-core';
import { requireObservation, requireReward } from '../environments/define-environment.ts';
import type { Environment, Info } from '../environments/environment.ts';
import { flatSize, flattenInto } from '../spaces/flatten.ts';
import { describeSpace, type Space, type SpaceValue } from '../spaces/space.ts';

/**
 * When an environment whose episode is over begins the next: at the next step, which only resets ('next-step', as Gymnasium does by default), within the
 * step that ended it ('same-step'), or when it is told to ('disabled').
 */
export type Autoreset = 'next-step' | 'same-step' | 'disabled';

/** What a step gave, environment by environment. */
export interface VectorStep {
  /** As vectors, [count, size] row-major; a new array at every step. */
  readonly observations: Float32Array;
  readonly rewards: Float32Array;
  /** 1 where the episode ended. */
  readonly terminated: Uint8Array;
  /** 1 where the episode was cut. */
  readonly truncated: Uint8Array;
  readonly infos: readonly Info[];
}

export interface NextStepResult extends VectorStep {
  /** 1 where this step only reset: action and reward mean nothing, and must enter no loss. */
  readonly resetOnly: Uint8Array;
}

export interface SameStepResult extends VectorStep {
  /** The last observation of an episode that is over; `observations` then has the first of the next. */
  readonly finalObservations: readonly (Float32Array | undefined)[];
  readonly finalInfos: readonly (Info | undefined)[];
}

/** What a step gives, which depends on the kind of autoreset. */
export type VectorStepOf<Kind extends Autoreset> = Kind extends 'next-step'
  ? NextStepResult
  : Kind extends 'same-step'
    ? SameStepResult
    : VectorStep;

export interface VectorReset {
  readonly observations: Float32Array;
  readonly infos: readonly Info[];
}

export interface EnvironmentVectorOptions<Kind extends Autoreset> {
  /** Number of environments. */
  readonly count: number;
  /** Decides every episode of every environment: the same with any number of them, or of workers. Default 1. */
  readonly seed?: number;
  /** Default 'next-step'. */
  readonly autoreset?: Kind;
}

/** Where a vector stands, as JSON: each environment's episode and the actions it took since. */
export interface VectorState {
  readonly episodes: readonly RunningEpisode[];
}

interface RunningEpisode {
  readonly number: number;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly actions: readonly (number | readonly number[])[];
  readonly over: boolean;
}

/** An environment in its place, and its running episode. */
interface Seat {
  readonly environment: Environment;
  episode: number;
  options: Readonly<Record<string, unknown>> | undefined;
  actions: (number | readonly number[])[];
  over: boolean;
}

/**
 * Environments of one kind that are stepped together.
 *
 * Episode e of environment i has a seed of its own, so that a vector stands again where it was saved: the running episodes are played again.
 *
 * @example
 * ```ts
 * import { cartPole, EnvironmentVector } from '@heed/rl';
 * const vector = new EnvironmentVector(() => cartPole(), { count: 4, seed: 7, autoreset: 'same-step' });
 * vector.reset().observations.length; // 16
 * vector.step([0, 1, 0, 1]).rewards; // Float32Array [1, 1, 1, 1]
 * ```
 */
export class EnvironmentVector<Kind extends Autoreset = 'next-step'> {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly count: number;
  /** Numbers of an observation as a vector. */
  readonly size: number;
  readonly autoreset: Autoreset;
  private readonly seats: readonly Seat[];
  private readonly seed: number;

  /** @throws if `count` is no positive integer, or the environments' spaces differ */
  constructor(make: (index: number) => Environment, { count, seed = 1, autoreset }: EnvironmentVectorOptions<Kind>) {
    requireIntegers('EnvironmentVector', { count });
    this.seats = Array.from({ length: count }, (_, index) => ({
      environment: make(index),
      episode: -1,
      options: undefined,
      actions: [],
      over: false,
    }));
    this.count = count;
    this.seed = seed;
    this.autoreset = autoreset ?? 'next-step';
    const [{ environment }] = this.seats;
    this.observationSpace = environment.observationSpace;
    this.actionSpace = environment.actionSpace;
    this.size = flatSize(this.observationSpace);
    for (const kind of ['observationSpace', 'actionSpace'] as const) {
      const other = this.seats.find(
        (seat) => describeSpace(seat.environment[kind]) !== describeSpace(environment[kind]),
      );
      if (other === undefined) continue;
      const got = `${describeSpace(environment[kind])} and ${describeSpace(other.environment[kind])}`;
      throw new Error(`EnvironmentVector: all must have one ${kind}, got ${got}`);
    }
  }

  /**
   * Begins episodes: of all environments, or of those that `mask` says. The others keep theirs.
   *
   * @throws if `mask` has another length
   */
  reset({
    options,
    mask,
  }: {
    readonly options?: Readonly<Record<string, unknown>>;
    readonly mask?: ArrayLike<number | boolean>;
  } = {}): VectorReset {
    if (mask !== undefined && mask.length !== this.count) {
      throw new Error(`EnvironmentVector.reset: mask must be for ${this.count} environments, got ${mask.length}`);
    }
    const observations = new Float32Array(this.count * this.size);
    const infos = this.seats.map((seat, index) => {
      if (mask !== undefined && !mask[index]) return {};
      return this.begin(seat, index, observations, options);
    });
    return { observations, infos };
  }

  /**
   * @param actions one for each environment; of one that only resets it is ignored
   * @throws if their number differs, an environment refuses its action or throws, gives NaN as reward or an observation of another space, or is over and
   *   was not reset
   */
  step(actions: readonly SpaceValue[]): VectorStepOf<Kind> {
    if (actions.length !== this.count) {
      throw new Error(`EnvironmentVector.step: one action for each of ${this.count} is needed, got ${actions.length}`);
    }
    const over = this.seats.findIndex((seat) => seat.over);
    if (over >= 0 && this.autoreset !== 'next-step') {
      throw new Error(`EnvironmentVector.step: environment ${over} must be reset, got a step after its end`);
    }
    const { count } = this;
    const result = {
      observations: new Float32Array(count * this.size),
      rewards: new Float32Array(count),
      terminated: new Uint8Array(count),
      truncated: new Uint8Array(count),
      infos: Array.from({ length: count }, (): Info => ({})),
      resetOnly: new Uint8Array(count),
      finalObservations: Array<Float32Array | undefined>(count).fill(undefined),
      finalInfos: Array<Info | undefined>(count).fill(undefined),
    };
    for (const [index, seat] of this.seats.entries()) {
      if (seat.over) {
        result.infos[index] = this.begin(seat, index, result.observations);
        result.resetOnly[index] = 1;
        continue;
      }
      const { observation, reward, terminated, truncated, info } = this.advance(seat, index, actions[index]);
      result.rewards[index] = reward;
      result.terminated[index] = Number(terminated);
      result.truncated[index] = Number(truncated);
      result.infos[index] = info;
      flattenInto(result.observations, index * this.size, this.observationSpace, observation);
      seat.over = terminated || truncated;
      if (!seat.over || this.autoreset !== 'same-step') continue;
      result.finalObservations[index] = result.observations.slice(index * this.size, (index + 1) * this.size);
      result.finalInfos[index] = info;
      result.infos[index] = this.begin(seat, index, result.observations);
    }
    const { resetOnly, finalObservations, finalInfos, ...common } = result;
    if (this.autoreset === 'next-step') return { ...common, resetOnly } as VectorStep as VectorStepOf<Kind>;
    if (this.autoreset === 'disabled') return common as VectorStep as VectorStepOf<Kind>;
    return { ...common, finalObservations, finalInfos } as VectorStep as VectorStepOf<Kind>;
  }

  /** Where the vector stands, for `load`. */
  save(): VectorState {
    return {
      episodes: this.seats.map(({ episode, options, actions, over }) => ({
        number: episode,
        options,
        actions: [...actions],
        over,
      })),
    };
  }

  /**
   * Plays the saved episodes again up to where they stood.
   *
   * @returns the observations there
   * @throws if the state is of another number of environments
   */
  load({ episodes }: VectorState): VectorReset {
    if (episodes.length !== this.count) {
      throw new Error(
        `EnvironmentVector.load: the state must be of ${this.count} environments, got ${episodes.length}`,
      );
    }
    const observations = new Float32Array(this.count * this.size);
    const infos = episodes.map(({ number, options, actions, over }, index) => {
      const seat = this.seats[index];
      if (number < 0) return {};
      seat.episode = number - 1;
      let info = this.begin(seat, index, observations, options);
      for (const action of actions) {
        const taken = typeof action === 'number' ? action : this.arrayAction(action);
        const step = this.advance(seat, index, taken);
        info = step.info;
        flattenInto(observations, index * this.size, this.observationSpace, step.observation);
      }
      seat.over = over;
      return info;
    });
    return { observations, infos };
  }

  private begin(
    seat: Seat,
    index: number,
    observations: Float32Array,
    options?: Readonly<Record<string, unknown>>,
  ): Info {
    seat.episode++;
    const [seed] = new Random(this.seed).fork(`environment ${index} episode ${seat.episode}`).words(1);
    const { observation, info } = this.calling(seat, index, () =>
      seat.environment.reset({ seed, ...(options !== undefined && { options }) }),
    );
    requireObservation(seat.environment.name, this.observationSpace, observation);
    flattenInto(observations, index * this.size, this.observationSpace, observation);
    Object.assign(seat, { actions: [], over: false, options });
    return info;
  }

  private advance(seat: Seat, index: number, action: SpaceValue) {
    const result = this.calling(seat, index, () => seat.environment.step(action));
    requireReward(seat.environment.name, result.reward);
    requireObservation(seat.environment.name, this.observationSpace, result.observation);
    seat.actions.push(typeof action === 'number' ? action : Array.from(action as Float32Array));
    return result;
  }

  private calling<T>(seat: Seat, index: number, run: () => T): T {
    try {
      return run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const where = `environment ${index}, episode ${seat.episode}, after ${seat.actions.length} steps`;
      throw new Error(`${message} (${where})`, { cause: error });
    }
  }

  private arrayAction(action: readonly number[]): SpaceValue {
    return this.actionSpace.kind === 'multi-discrete' ? Int32Array.from(action) : Float32Array.from(action);
  }
}
