import type { Info } from '../environments/environment.ts';
import { actionMasks, environmentActions } from '../rollouts/environment-actions.ts';
import type { PolicyRunner } from '../rollouts/policy-runner.ts';
import type { EnvironmentVector } from '../vectors/environment-vector.ts';

/** Which earlier steps of an episode may not be looked at. @param time the number of the step that is about to be taken, from 0 @param observation as a vector */
export type HideSteps = (time: number, observation: Float32Array) => readonly number[];

export interface PlayedEpisode {
  readonly return: number;
  readonly length: number;
  readonly info: Info;
}

export interface PlayOptions {
  readonly runner: PolicyRunner;
  readonly vector: EnvironmentVector<'same-step'>;
  readonly episodes: number;
  /** Slots of the policy's memory. */
  readonly memorySlots: number;
  readonly hide?: HideSteps | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whole episodes, environment by environment. Every environment plays as many as the others, give or take one, for those that end first are short and would
 * otherwise count too much.
 */
export async function playEpisodes(options: PlayOptions): Promise<PlayedEpisode[]> {
  const { runner, vector, episodes, hide, memorySlots, signal } = options;
  const { count, size, actionSpace } = vector;
  const quota = Array.from({ length: count }, (_, row) => Math.floor((episodes + count - 1 - row) / count));
  const played: PlayedEpisode[][] = Array.from({ length: count }, () => []);
  const running = Array.from({ length: count }, () => ({ return: 0, length: 0 }));
  let { observations, infos } = vector.reset();
  let starts = new Float32Array(count).fill(1);
  while (played.some((own, row) => own.length < quota[row])) {
    signal?.throwIfAborted();
    const visible =
      hide && visibleSlots(memorySlots, running, (row) => observations.slice(row * size, (row + 1) * size), hide);
    const { actions } = await runner.act({ observations, starts, masks: actionMasks(infos, actionSpace), visible });
    const result = vector.step(environmentActions(actionSpace, actions, count));
    for (const [row, episode] of running.entries()) {
      episode.return += result.rewards[row];
      episode.length++;
      if (result.terminated[row] === 0 && result.truncated[row] === 0) continue;
      if (played[row].length < quota[row]) played[row].push({ ...episode, info: result.finalInfos[row] ?? {} });
      running[row] = { return: 0, length: 0 };
    }
    ({ observations, infos } = result);
    starts = Float32Array.from(result.terminated, (ended, row) => ended | result.truncated[row]);
  }
  return played.flat();
}

/** 1 for the slots that are not of hidden steps: the newest slot is the last one. @returns [N, slots] */
function visibleSlots(
  slots: number,
  running: readonly { readonly length: number }[],
  observationOf: (row: number) => Float32Array,
  hide: HideSteps,
): Float32Array {
  const visible = new Float32Array(running.length * slots).fill(1);
  for (const [row, { length: time }] of running.entries()) {
    for (const step of hide(time, observationOf(row))) {
      const slot = slots - (time - step);
      if (slot >= 0 && slot < slots) visible[row * slots + slot] = 0;
    }
  }
  return visible;
}
