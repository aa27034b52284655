import { describe, expect, it } from 'vitest';
import { Calendar } from '../table/calendar.ts';
import { drift } from './drift.ts';
import { repeatLast } from './repeat-last.ts';
import { seasonalNaive, seasonalNaiveByClock } from './seasonal-naive.ts';

const of = (...values: number[]) => Float64Array.from(values);

describe('baselines', () => {
  it('repeat the last value, the line through both ends, or the season before', () => {
    expect([...repeatLast().forecast(of(1, 5, 3), 2)]).toEqual([3, 3]);
    expect([...drift().forecast(of(1, 9, 5), 2)]).toEqual([7, 9]);
    expect([...seasonalNaive(3).forecast(of(9, 1, 2, 3), 5)]).toEqual([1, 2, 3, 1, 2]);
  });

  it('go by the last value that is there', () => {
    expect([...repeatLast().forecast(of(1, 5, NaN), 1)]).toEqual([5]);
    expect([...drift().forecast(of(1, 2, NaN, NaN), 1)]).toEqual([5]);
    expect([...seasonalNaive(2).forecast(of(1, 2, 3, NaN), 2)]).toEqual([3, 2]);
    expect([...seasonalNaive(2).forecast(of(NaN, 2), 2)]).toEqual([2, 2]);
    expect([...repeatLast().forecast(of(NaN), 1)]).toEqual([NaN]);
    expect([...drift().forecast(of(4), 2)]).toEqual([4, 4]); // one point
  });

  it('refuse a history shorter than a season', () => {
    expect(() => seasonalNaive(24).forecast(of(1, 2), 1)).toThrow('a season of 24 steps, got 2');
    expect(() => seasonalNaive(1.5)).toThrow('season must be a positive integer, got 1.5');
  });

  it('by the clock, take the same hour of the day before where clocks were put forward', () => {
    const berlin = new Calendar('Europe/Berlin');
    const first = berlin.instant('2024-03-29 00:00');
    const hour = (i: number) => first + i * 3_600_000;
    const stamps = Float64Array.from({ length: 48 + 23 + 24 }, (_, i) => hour(i));
    // every value is the hour that the clocks say
    const history = stamps.subarray(0, 48).map((stamp) => berlin.local(stamp).hour);
    const horizon = stamps.subarray(48);
    const asked = { history: stamps.subarray(0, 48), horizon };
    const forecast = seasonalNaiveByClock(berlin, 'day').forecast(history, horizon.length, asked);
    expect([...forecast]).toEqual([...horizon].map((stamp) => berlin.local(stamp).hour));
    // 24 steps earlier it would be wrong from the day of 23 hours on
    const bySteps = seasonalNaive(24).forecast(history, horizon.length);
    expect(bySteps[30]).not.toBe(berlin.local(horizon[30]).hour);
  });
});
