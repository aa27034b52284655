import { warmUpThenDecay, type Schedule, type ScheduleSteps } from './schedule.ts';

/**
 * Rises linearly to `rate` over the warm-up, then decays linearly: the n updates after it get n/n, (n − 1)/n, … 1/n of the rate, none gets 0
 * (Hugging Face's `get_linear_schedule_with_warmup`, whose warm-up begins with an update of rate 0).
 *
 * @throws if a number is out of range
 *
 * @example
 * ```ts
 * import { linearSchedule } from '@heed/training';
 * const schedule = linearSchedule({ rate: 1, warmupSteps: 2, totalSteps: 4 });
 * [1, 2, 3, 4].map(schedule); // [0.5, 1, 1, 0.5]
 * ```
 */
export function linearSchedule({ rate, ...steps }: ScheduleSteps & { readonly rate: number }): Schedule {
  return warmUpThenDecay('linearSchedule', rate, steps, (progress) => rate * (1 - progress));
}
