import { flatSize, flattenInto } from '../../spaces/flatten.ts';
import { outsideOf, type Space } from '../../spaces/space.ts';
import type { EpisodeSoFar } from './ppo-agent-config.ts';

/** What was seen in an episode, as vectors. */
export interface EpisodeRow {
  /** [length, O] */
  readonly data: Float32Array;
  readonly length: number;
  readonly actionMask?: Uint8Array;
}

/** @param remembers whether more than the last observation counts @throws if there are no observations, or one is not of the space */
export function episodeRows(
  owner: string,
  episodes: readonly EpisodeSoFar[],
  space: Space,
  remembers: boolean,
): EpisodeRow[] {
  const size = flatSize(space);
  return episodes.map(({ observations, actionMask }, index) => {
    if (observations.length === 0) {
      throw new Error(`${owner}: an episode must have an observation, got none in episode ${index}`);
    }
    const counted = remembers ? observations : observations.slice(-1);
    const data = new Float32Array(counted.length * size);
    for (const [step, observation] of counted.entries()) {
      const problem = outsideOf(space, observation);
      if (problem !== undefined)
        throw new Error(`${owner}: observation must be ${problem} (episode ${index}, step ${step})`);
      flattenInto(data, step * size, space, observation);
    }
    return { data, length: counted.length, ...(actionMask && { actionMask }) };
  });
}

/** Rows padded to one length, and where in the batch each one's last observation stands. */
export function episodeBatch(rows: readonly EpisodeRow[], length: number, size: number) {
  const data = new Float32Array(rows.length * length * size);
  for (const [i, row] of rows.entries()) data.set(row.data, i * length * size);
  const last = Int32Array.from(rows, (row, i) => i * length + row.length - 1);
  return {
    observations: { data, shape: [rows.length, length, size] as const },
    last: { data: last, shape: [rows.length] as const },
  };
}
