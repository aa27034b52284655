import { requireIntegers } from '@heed/attention-core';
import type { Calendar } from '../table/calendar.ts';
import type { Baseline } from './baseline.ts';
import { lastValue } from './repeat-last.ts';

const HOUR = 3_600_000;

/**
 * Every step is as the one a season before it, by number of steps: 24 for the daily season of hourly values.
 *
 * @throws if the season is not a positive integer
 */
export function seasonalNaive(season: number): Baseline {
  requireIntegers('seasonalNaive', { season });
  return {
    name: `seasonal naive of ${season} steps`,
    needs: season,
    forecast: (history, horizon) => {
      if (history.length < season) {
        throw new Error(`seasonalNaive: history must have a season of ${season} steps, got ${history.length}`);
      }
      const last = lastValue(history);
      return Float64Array.from({ length: horizon }, (_, step) => {
        // a missing value is replaced by that of the season before it, or by the last one where there is none
        for (let at = history.length - season + (step % season); at >= 0; at -= season) {
          if (!Number.isNaN(history[at])) return history[at];
        }
        return last;
      });
    },
  };
}

/**
 * Every step is as the one when the clocks last said the same: a day or a week before, which is 23 or 25 hours where clocks are changed. What they
 * skipped then is taken from the period before that.
 */
export function seasonalNaiveByClock(calendar: Calendar, period: 'day' | 'week'): Baseline {
  const days = period === 'day' ? 1 : 7;
  return {
    name: `seasonal naive by the clock, the ${period} before`,
    needs: 25 * days,
    forecast: (history, horizon, stamps) => {
      if (stamps === undefined) throw new Error('seasonalNaiveByClock: stamps must be given, got none');
      const values = new Map<number, number>();
      stamps.history.forEach((stamp, i) => {
        if (!Number.isNaN(history[i])) values.set(stamp, history[i]);
      });
      return Float64Array.from({ length: horizon }, (_, step) => {
        const stamp = stamps.horizon[step];
        const before = [1, 2, 3, 4].flatMap((times) => sameClock(calendar, stamp, times * days));
        const found = [...before, stamp - days * 24 * HOUR].find((candidate) => values.has(candidate));
        if (found === undefined) return NaN;
        const value = values.get(found)!;
        values.set(stamp, value); // a horizon of several periods repeats the first
        return value;
      });
    },
  };
}

/** Around so many days before: when the clocks said the same. */
function sameClock(calendar: Calendar, stamp: number, days: number): number[] {
  const { hour, minute } = calendar.local(stamp);
  return [0, -1, 1]
    .map((shift) => stamp - days * 24 * HOUR + shift * HOUR)
    .filter((candidate) => {
      const local = calendar.local(candidate);
      return local.hour === hour && local.minute === minute;
    });
}
