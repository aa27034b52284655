import { checkRate, checkSteps, type Schedule } from './schedule.ts';

/**
 * Rises in a line to `rate` over `warmupSteps`, then falls along half a cosine to `finalRate` at `totalSteps`, where it stays
 * (Loshchilov & Hutter 2017, without restarts).
 *
 * @example
 * ```ts
 * import { cosine } from '@heed/training';
 * const schedule = cosine({ rate: 1, totalSteps: 100 });
 * schedule(50); // 0.5
 * ```
 */
export function cosine(options: {
  readonly rate: number;
  readonly warmupSteps?: number;
  readonly totalSteps: number;
  readonly finalRate?: number;
}): Schedule {
  const { rate, warmupSteps = 0, totalSteps, finalRate = 0 } = options;
  checkRate('cosine', 'rate', rate);
  checkSteps('cosine', 'warmupSteps', warmupSteps, 0);
  checkSteps('cosine', 'totalSteps', totalSteps, warmupSteps + 1);
  if (!(finalRate >= 0 && finalRate <= rate))
    throw new Error(`cosine: finalRate must be in [0, rate], got ${finalRate}, rate=${rate}`);
  return (step) => {
    if (step < warmupSteps) return (rate * step) / warmupSteps;
    const progress = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
    return finalRate + ((rate - finalRate) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}
