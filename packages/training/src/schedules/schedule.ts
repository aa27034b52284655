/** The learning rate of an update, from the update's number, counted from 1. */
export type Schedule = (step: number) => number;

/** Throws unless `value` is a whole number of at least `low`. */
export function checkSteps(schedule: string, option: string, value: number, low: number): void {
  if (!Number.isSafeInteger(value) || value < low) {
    throw new Error(`${schedule}: ${option} must be an integer of at least ${low}, got ${value}`);
  }
}

/** Throws unless `rate` is a positive number. */
export function checkRate(schedule: string, option: string, rate: number): void {
  if (!(rate > 0 && rate < Infinity)) throw new Error(`${schedule}: ${option} must be a positive number, got ${rate}`);
}
