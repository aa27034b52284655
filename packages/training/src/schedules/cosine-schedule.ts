import { warmUpThenDecay, type Schedule, type ScheduleSteps } from './schedule.ts';

/**
 * Rises linearly to `rate` over the warm-up, then decays along half a cosine towards `finalRate`, which the update after the last would get
 * (Loshchilov & Hutter 2017, without restarts).
 *
 * With n updates after the warm-up, the i-th of them, counted from 0, gets finalRate + (rate − finalRate)·(1 + cos(π·i/n)) / 2.
 *
 * @throws if a number is out of range
 *
 * @example
 * ```ts
 * import { cosineSchedule } from '@heed/training';
 * const schedule = cosineSchedule({ rate: 1, totalSteps: 2 });
 * [1, 2].map(schedule); // [1, 0.5]
 * ```
 */
export function cosineSchedule({
  rate,
  finalRate = 0,
  ...steps
}: ScheduleSteps & {
  readonly rate: number;
  /** Default 0. */
  readonly finalRate?: number;
}): Schedule {
  const schedule = warmUpThenDecay(
    'cosineSchedule',
    rate,
    steps,
    (progress) => finalRate + ((rate - finalRate) * (1 + Math.cos(Math.PI * progress))) / 2,
  );
  if (!(finalRate >= 0 && finalRate <= rate))
    throw new Error(`cosineSchedule: finalRate must be in [0, rate], got ${finalRate}, rate=${rate}`);
  return schedule;
}
