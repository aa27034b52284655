import type { Baseline } from './baseline.ts';

/** The straight line through the first and the last value goes on. */
export function drift(): Baseline {
  return {
    name: 'drift',
    needs: 2,
    forecast: (history, horizon) => {
      const first = history.findIndex((value) => !Number.isNaN(value));
      const last = history.findLastIndex((value) => !Number.isNaN(value));
      const end = history[last];
      const slope = last > first ? (end - history[first]) / (last - first) : 0;
      const since = history.length - 1 - last;
      return Float64Array.from({ length: horizon }, (_, step) => end + slope * (since + step + 1));
    },
  };
}
