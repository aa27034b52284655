import type { Baseline } from './baseline.ts';

/** Every step is as the last one known. */
export function repeatLast(): Baseline {
  return {
    name: 'repeat-last',
    needs: 1,
    forecast: (history, horizon) => new Float64Array(horizon).fill(lastValue(history)),
  };
}

/** The last value that is not missing; NaN where there is none. */
export function lastValue(history: Float64Array): number {
  return history[history.findLastIndex((value) => !Number.isNaN(value))] ?? NaN;
}
