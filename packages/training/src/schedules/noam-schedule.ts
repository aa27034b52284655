import { requireIntegers } from '@heed/attention-core';
import { checkRate, type Schedule } from './schedule.ts';

/**
 * The schedule of "Attention is all you need" (Vaswani et al. 2017, section 5.3):
 * factor · modelWidth^−½ · min(step^−½, step · warmupSteps^−1½).
 *
 * @example
 * ```ts
 * import { noamSchedule } from '@heed/training';
 * const schedule = noamSchedule({ modelWidth: 512, warmupSteps: 4000 });
 * schedule(4000); // 0.000698…, its highest
 * ```
 */
export function noamSchedule(options: {
  readonly modelWidth: number;
  readonly warmupSteps: number;
  readonly factor?: number;
}): Schedule {
  const { modelWidth, warmupSteps, factor = 1 } = options;
  requireIntegers('noamSchedule', { modelWidth });
  requireIntegers('noamSchedule', { warmupSteps });
  checkRate('noamSchedule', 'factor', factor);
  return (step) => factor * modelWidth ** -0.5 * Math.min(step ** -0.5, step * warmupSteps ** -1.5);
}
