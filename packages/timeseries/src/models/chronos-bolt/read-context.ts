import type { ChronosBoltConfig } from './chronos-bolt.ts';

/** The past of one series as Chronos-Bolt reads it. */
export interface Context {
  /** Normalised, 0 where nothing was observed; whole patches, filled up at the beginning. */
  readonly values: Float32Array;
  readonly observed: Float32Array;
  /** Mean of what was observed; 0 where nothing was. */
  readonly centre: number;
  /** Its deviation; 10⁻⁵ where all is the same, 1 where nothing was observed. */
  readonly scale: number;
}

/**
 * Normalises the past of a series in float64: mean and population deviation of what was observed of the newest `lookBack` steps. Missing values are NaN.
 *
 * @param room number of steps to fill up to, whole patches. Default: the fewest that hold the past
 */
export function readContext(
  history: Float64Array,
  { lookBack, patchLength }: Pick<ChronosBoltConfig, 'lookBack' | 'patchLength'>,
  room = Math.ceil(Math.max(1, Math.min(history.length, lookBack)) / patchLength) * patchLength,
): Context {
  const past = history.subarray(Math.max(0, history.length - lookBack));
  const present = past.filter((value) => !Number.isNaN(value));
  const centre = present.length === 0 ? 0 : present.reduce((sum, value) => sum + value, 0) / present.length;
  const variance = present.reduce((sum, value) => sum + (value - centre) ** 2, 0) / present.length;
  const scale = present.length === 0 ? 1 : Math.sqrt(variance) || 1e-5;
  const values = new Float32Array(room);
  const observed = new Float32Array(room);
  past.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const at = room - past.length + i;
    values[at] = (value - centre) / scale;
    observed[at] = 1;
  });
  return { values, observed, centre, scale };
}
