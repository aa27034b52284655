import { requireIntegers } from '@heed/attention-core';
import { checkRate, type Schedule } from './schedule.ts';

/**
 * The same rate throughout, after an optional linear warm-up: rate · min(1, step / warmupSteps).
 *
 * @example
 * ```ts
 * import { constantSchedule } from '@heed/training';
 * const schedule = constantSchedule({ rate: 1e-3, warmupSteps: 4 });
 * schedule(1); // 0.00025
 * schedule(9); // 0.001
 * ```
 */
export function constantSchedule(options: { readonly rate: number; readonly warmupSteps?: number }): Schedule {
  const { rate, warmupSteps = 0 } = options;
  checkRate('constantSchedule', 'rate', rate);
  requireIntegers('constantSchedule', { warmupSteps }, 0);
  return (step) => (step < warmupSteps ? (rate * step) / warmupSteps : rate);
}
