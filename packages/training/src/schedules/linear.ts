import { checkRate, checkSteps, type Schedule } from './schedule.ts';

/**
 * Rises in a line to `rate` over `warmupSteps`, then falls in a line to 0 at `totalSteps` (Hugging Face's
 * `get_linear_schedule_with_warmup`).
 *
 * @example
 * ```ts
 * import { linear } from '@heed/training';
 * const schedule = linear({ rate: 1, warmupSteps: 10, totalSteps: 110 });
 * schedule(5); // 0.5
 * schedule(60); // 0.5
 * ```
 */
export function linear(options: {
  readonly rate: number;
  readonly warmupSteps?: number;
  readonly totalSteps: number;
}): Schedule {
  const { rate, warmupSteps = 0, totalSteps } = options;
  checkRate('linear', 'rate', rate);
  checkSteps('linear', 'warmupSteps', warmupSteps, 0);
  checkSteps('linear', 'totalSteps', totalSteps, warmupSteps + 1);
  return (step) =>
    step < warmupSteps
      ? (rate * step) / warmupSteps
      : rate * Math.max(0, (totalSteps - step) / (totalSteps - warmupSteps));
}
