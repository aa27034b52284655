import { requireIntegers, Random } from '@heed/attention-core';
import type { Environment } from '../environments/environment.ts';
import { sampleSpace } from '../spaces/sample-space.ts';
import { outsideOf, type Space, type SpaceValue } from '../spaces/space.ts';

/** An episode as it happened: what was seen before each step, what was done, what it gave. */
export interface Trajectory {
  readonly observations: readonly SpaceValue[];
  readonly actions: readonly SpaceValue[];
  readonly rewards: readonly number[];
}

/** Episodes of one kind of environment. */
export interface TrajectorySet {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly trajectories: readonly Trajectory[];
}

/** Sum of a trajectory's rewards. */
export function returnOf({ rewards }: Trajectory): number {
  return rewards.reduce((sum, reward) => sum + reward, 0);
}

/**
 * Episodes of a random walk.
 *
 * @throws unless `episodes` is a positive integer
 */
export function randomTrajectories(
  make: () => Environment,
  { episodes, seed = 1 }: { readonly episodes: number; readonly seed?: number },
): TrajectorySet {
  requireIntegers('randomTrajectories', { episodes });
  const environment = make();
  const { observationSpace, actionSpace } = environment;
  const random = new Random(seed);
  const trajectories = Array.from({ length: episodes }, (_, episode): Trajectory => {
    const observations: SpaceValue[] = [];
    const actions: SpaceValue[] = [];
    const rewards: number[] = [];
    let { observation, info } = environment.reset(episode === 0 ? { seed } : {});
    for (let over = false; !over;) {
      const action = sampleSpace(actionSpace, random, info.actionMask);
      observations.push(observation);
      actions.push(action);
      const step = environment.step(action);
      rewards.push(step.reward);
      ({ observation, info } = step);
      over = step.terminated || step.truncated;
    }
    return { observations, actions, rewards };
  });
  return { observationSpace, actionSpace, trajectories };
}

/** @throws if there are no trajectories, one is empty or cut, or has values outside of the spaces, naming which */
export function requireTrajectories(
  owner: string,
  { observationSpace, actionSpace, trajectories }: TrajectorySet,
): void {
  if (trajectories.length === 0) throw new Error(`${owner}: at least one trajectory is needed, got none`);
  for (const [index, { observations, actions, rewards }] of trajectories.entries()) {
    const lengths = [observations.length, actions.length, rewards.length];
    if (lengths[0] === 0 || lengths.some((length) => length !== lengths[0])) {
      throw new Error(
        `${owner}: a trajectory must have as many observations as actions and rewards, got ${lengths.join(', ')} in trajectory ${index}`,
      );
    }
    for (let step = 0; step < lengths[0]; step++) {
      const problem =
        prefixed('observation', outsideOf(observationSpace, observations[step])) ??
        prefixed('action', outsideOf(actionSpace, actions[step])) ??
        (Number.isFinite(rewards[step]) ? undefined : `reward must be a finite number, got ${rewards[step]}`);
      if (problem !== undefined) throw new Error(`${owner}: ${problem} (trajectory ${index}, step ${step})`);
    }
  }
}

function prefixed(name: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${name} must be ${problem}`;
}
