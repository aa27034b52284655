import type { Baseline } from './baseline.ts';
import { drift } from './drift.ts';
import { repeatLast } from './repeat-last.ts';
import { seasonalNaive } from './seasonal-naive.ts';

/** The baseline of a name. */
export function baselineOf({
  baseline,
  season,
}: {
  readonly baseline: 'seasonal-naive' | 'repeat-last' | 'drift';
  readonly season: number;
}): Baseline {
  if (baseline === 'drift') return drift();
  return baseline === 'repeat-last' ? repeatLast() : seasonalNaive(season);
}
