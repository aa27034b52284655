import type { Space, SpaceValue } from '../spaces/space.ts';

/** What an environment may say beside the observation. */
export interface Info {
  /** Of a discrete action space: 1 for the actions that may be taken now. Absent where all may. */
  readonly actionMask?: Uint8Array;
  readonly [name: string]: unknown;
}

/** How an episode begins. */
export interface ResetRequest {
  /** Begins the environment's own randomness anew. Without one it goes on; a first reset without one takes 1. */
  readonly seed?: number;
  /** What the environment offers, e.g. `state`, the state to begin in. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ResetResult<O extends SpaceValue = SpaceValue> {
  readonly observation: O;
  readonly info: Info;
}

export interface StepResult<O extends SpaceValue = SpaceValue> extends ResetResult<O> {
  readonly reward: number;
  /** The episode is over because the task is: nothing is to be had after it. */
  readonly terminated: boolean;
  /** The episode was cut for a reason outside of the task, such as a time limit: more would have been to be had. */
  readonly truncated: boolean;
}

/** A picture of the moment. */
export interface Picture {
  /** Lines of characters. */
  readonly text: string;
  /** An SVG element. */
  readonly svg: string;
}

/**
 * A problem that is acted in, in Gymnasium's manner. All that happens follows from the seeds and actions it was given.
 *
 * `defineEnvironment` makes one from a few functions and checks what goes in and out.
 */
export interface Environment<O extends SpaceValue = SpaceValue, A extends SpaceValue = SpaceValue> {
  /** How errors and results call it. */
  readonly name: string;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** Begins an episode. */
  reset(request?: ResetRequest): ResetResult<O>;
  /** @throws before `reset`, after the episode's end, or if the action may not be taken */
  step(action: A): StepResult<O>;
  /** A picture of the moment, where the environment can be seen. */
  render?(): Picture;
}
