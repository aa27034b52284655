import { requireIntegers } from '@heed/attention-core';

/** The learning rate of an update, from the update's number, counted from 1. */
export type Schedule = (step: number) => number;

/** How many updates a run has, and in how many of the first the learning rate rises. */
export interface ScheduleSteps {
  /** Updates over which the rate rises in a line: the first gets rate / warmupSteps, the last of them the whole rate. Default 0. */
  readonly warmupSteps?: number;
  /** Updates of the whole run. Those after it get the rate of the last. */
  readonly totalSteps: number;
}

/**
 * A rise over the warm-up, then a decay over the updates that are left.
 *
 * @param rateAt the rate when `progress` of the decay is over: 0 at the first update after the warm-up, (n − 1) / n at the last of n
 * @throws if a number of steps is out of range, in the name of `schedule`
 */
export function warmUpThenDecay(
  schedule: string,
  rate: number,
  { warmupSteps = 0, totalSteps }: ScheduleSteps,
  rateAt: (progress: number) => number,
): Schedule {
  checkRate(schedule, 'rate', rate);
  requireIntegers(schedule, { warmupSteps }, 0);
  requireIntegers(schedule, { totalSteps });
  if (warmupSteps > totalSteps) {
    throw new Error(
      `${schedule}: warmupSteps must be at most totalSteps, got warmupSteps=${warmupSteps}, totalSteps=${totalSteps}`,
    );
  }
  return (step) => {
    const counted = Math.min(step, totalSteps);
    return counted <= warmupSteps
      ? (rate * counted) / warmupSteps
      : rateAt((counted - 1 - warmupSteps) / (totalSteps - warmupSteps));
  };
}

/** Throws unless `rate` is a positive number. */
export function checkRate(schedule: string, option: string, rate: number): void {
  if (!(rate > 0 && rate < Infinity)) throw new Error(`${schedule}: ${option} must be a positive number, got ${rate}`);
}
