import { Random } from '@heed/attention-core';
import { outsideOf, type Space, type SpaceValue } from '../spaces/space.ts';
import type { Environment, Info, Picture, ResetRequest, ResetResult, StepResult } from './environment.ts';

/** What happened in a step. */
export interface Transition<State> {
  readonly state: State;
  readonly reward: number;
  /** Whether the task is over. Default false. */
  readonly terminated?: boolean;
  readonly info?: Info;
}

/** An environment as functions of its state, which they leave as it is. */
export interface EnvironmentDefinition<State, O extends SpaceValue, A extends SpaceValue> {
  readonly name: string;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  /** The first state of an episode. @param options what `reset` was given */
  readonly start: (random: Random, options: Readonly<Record<string, unknown>>) => State;
  readonly observe: (state: State) => O;
  readonly advance: (state: State, action: A, random: Random) => Transition<State>;
  /** Of a discrete action space: 1 for the actions that may be taken. Default: all. */
  readonly actionMask?: (state: State) => Uint8Array;
  readonly render?: (state: State) => Picture;
}

/**
 * An environment from functions of its state, which checks every action, reward and observation.
 *
 * @example
 * ```ts
 * import { defineEnvironment, discrete } from '@heed/rl';
 * const walk = defineEnvironment<number, number, number>({
 *   name: 'Walk',
 *   observationSpace: discrete(5),
 *   actionSpace: discrete(2),
 *   start: () => 2,
 *   observe: (place) => place,
 *   advance: (place, action) => {
 *     const state = place + (action === 1 ? 1 : -1);
 *     return { state, reward: state === 4 ? 1 : 0, terminated: state === 0 || state === 4 };
 *   },
 * });
 * walk.reset({ seed: 7 }).observation; // 2
 * walk.step(1).observation; // 3
 * ```
 */
export function defineEnvironment<State, O extends SpaceValue, A extends SpaceValue>(
  definition: EnvironmentDefinition<State, O, A>,
): Environment<O, A> {
  return new DefinedEnvironment(definition);
}

class DefinedEnvironment<State, O extends SpaceValue, A extends SpaceValue> implements Environment<O, A> {
  readonly name: string;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly render?: () => Picture;
  private random: Random | undefined;
  private episode: { state: State; over: boolean } | undefined;

  constructor(private readonly definition: EnvironmentDefinition<State, O, A>) {
    const { name, observationSpace, actionSpace, render } = definition;
    this.name = name;
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    if (render !== undefined) this.render = () => render(this.running('render').state);
  }

  reset({ seed, options = {} }: ResetRequest = {}): ResetResult<O> {
    if (seed !== undefined || this.random === undefined) this.random = new Random(seed ?? 1);
    this.episode = { state: this.definition.start(this.random, options), over: false };
    return this.seen(this.episode.state, {});
  }

  step(action: A): StepResult<O> {
    const { definition, name, actionSpace } = this;
    const episode = this.running('step');
    if (episode.over)
      throw new Error(`${name}.step: must not come after the episode's end, got a step without reset()`);
    requireAction(name, actionSpace, action, definition.actionMask?.(episode.state));
    const { state, reward, terminated = false, info = {} } = definition.advance(episode.state, action, this.random!);
    requireReward(name, reward);
    this.episode = { state, over: terminated };
    return { ...this.seen(state, info), reward, terminated, truncated: false };
  }

  private running(method: string): { state: State; over: boolean } {
    if (this.episode !== undefined) return this.episode;
    throw new Error(`${this.name}.${method}: must come after reset(), got no episode`);
  }

  private seen(state: State, info: Info): ResetResult<O> {
    const { observe, actionMask } = this.definition;
    const observation = observe(state);
    requireObservation(this.name, this.observationSpace, observation);
    return { observation, info: actionMask === undefined ? info : { ...info, actionMask: actionMask(state) } };
  }
}

/** @throws if an action is none of the space, or masked, naming it */
function requireAction(owner: string, space: Space, action: unknown, mask?: Uint8Array): void {
  const problem = outsideOf(space, action);
  if (problem !== undefined) throw new Error(`${owner}.step: action must be ${problem}`);
  if (mask === undefined || mask[action as number] === 1) return;
  const allowed = [...mask.keys()].filter((choice) => mask[choice] === 1);
  throw new Error(
    `${owner}.step: action must be one that may be taken now, [${allowed.join(', ')}], got ${String(action)}`,
  );
}

/** @throws if a reward is not a finite number, naming it */
export function requireReward(owner: string, reward: unknown): void {
  if (typeof reward === 'number' && Number.isFinite(reward)) return;
  throw new Error(`${owner}.step: reward must be a finite number, got ${String(reward)}`);
}

/** @throws if an observation is none of the space, naming both */
export function requireObservation(owner: string, space: Space, observation: unknown): void {
  const problem = outsideOf(space, observation);
  if (problem !== undefined) throw new Error(`${owner}: observation must be ${problem}`);
}
