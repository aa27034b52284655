import type { HostArray } from '@heed/training';
import { flatSize, flattenInto } from '../spaces/flatten.ts';
import type { Space } from '../spaces/space.ts';
import type { Trajectory } from './trajectory.ts';

/** Steps of episodes, padded at their end: what a Decision Transformer reads. */
export type WindowBatch = {
  /** [B, T] */
  readonly returnsToGo: HostArray<readonly [number, number]>;
  /** [B, T, S] */
  readonly states: HostArray<readonly [number, number, number]>;
  /** [B, T, A] */
  readonly actions: HostArray<readonly [number, number, number]>;
  /** int32 [B, T] */
  readonly times: HostArray<readonly [number, number]>;
};

/** Part of an episode. */
export interface Window {
  /** Steps from `start` on; the last may have no action yet. */
  readonly steps: Pick<Trajectory, 'observations' | 'actions'> & { readonly returnsToGo: readonly number[] };
  /** Number of the first step within its episode. */
  readonly start: number;
}

/** The sums of rewards from each step on. */
export function returnsToGo(rewards: readonly number[]): number[] {
  const sums = [...rewards];
  for (let step = sums.length - 2; step >= 0; step--) sums[step] += sums[step + 1];
  return sums;
}

/** @param length what windows are padded to */
export function windowBatch(
  windows: readonly Window[],
  length: number,
  { observationSpace, actionSpace }: { readonly observationSpace: Space; readonly actionSpace: Space },
): WindowBatch {
  const [stateSize, actionSize] = [flatSize(observationSpace), flatSize(actionSpace)];
  const count = windows.length;
  const batch = {
    returnsToGo: { data: new Float32Array(count * length), shape: [count, length] as const },
    states: { data: new Float32Array(count * length * stateSize), shape: [count, length, stateSize] as const },
    actions: { data: new Float32Array(count * length * actionSize), shape: [count, length, actionSize] as const },
    times: { data: new Int32Array(count * length), shape: [count, length] as const },
  };
  for (const [row, { steps, start }] of windows.entries()) {
    for (const [step, observation] of steps.observations.entries()) {
      const at = row * length + step;
      batch.returnsToGo.data[at] = steps.returnsToGo[step];
      batch.times.data[at] = start + step;
      flattenInto(batch.states.data, at * stateSize, observationSpace, observation);
      if (step < steps.actions.length) {
        flattenInto(batch.actions.data, at * actionSize, actionSpace, steps.actions[step]);
      }
    }
  }
  return batch;
}
