import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { coverage, intervalScore, msis, quantileLoss, weightedQuantileLoss, width } from './interval-scores.ts';
import { mae, mase, mse, rmsse, seasonalScale, smape } from './point-errors.ts';

// made by tooling/golden/timeseries-metrics.py
interface Case extends Record<string, number | number[]> {
  readonly history: number[];
  readonly actual: number[];
  readonly forecast: number[];
  readonly low: number[];
  readonly high: number[];
  readonly season: number;
  readonly level: number;
}
const cases = JSON.parse(readFileSync(new URL('metrics.golden.json', import.meta.url), 'utf8')) as Case[];

describe('forecast errors', () => {
  it.each(cases)('equal those of utilsforecast within 1e-9', (golden) => {
    const { history, actual, forecast, low, high, season, level } = golden;
    const interval = { level, low, high };
    const measured = {
      mse: mse(actual, forecast),
      mae: mae(actual, forecast),
      smape: smape(actual, forecast, 'm4'),
      mase: mase(actual, forecast, { history, season }),
      rmsse: rmsse(actual, forecast, { history, season }),
      coverage: coverage(actual, interval),
      intervalScore: intervalScore(actual, interval),
      pinballLow: quantileLoss(actual, low, 0.1),
      pinballHigh: quantileLoss(actual, high, 0.9),
      weightedQuantileLoss: weightedQuantileLoss(
        [actual],
        [
          { quantile: 0.1, values: [low] },
          { quantile: 0.9, values: [high] },
        ],
      ),
    };
    const names = Object.keys(measured) as (keyof typeof measured)[];
    const differences = names.map((name) => Math.abs(measured[name]! / (golden[name] as number) - 1));
    expect(names.filter((_, i) => !(differences[i] < 1e-9))).toEqual([]);
    // by its definition: the interval score over the seasonal error of the history
    expect(msis(actual, interval, { history, season })).toBeCloseTo(
      (golden.intervalScore as number) / seasonalScale(history, season)!,
      9,
    );
    expect(width(actual, interval)).toBeCloseTo(high[0] - low[0], 6);
  });

  it('are undefined, not infinite, where the history does not change', () => {
    const constant = { history: [4, 4, 4, 4], season: 1 };
    expect(mase([5], [4], constant)).toBeUndefined();
    expect(rmsse([5], [4], constant)).toBeUndefined();
    expect(msis([5], { level: 0.8, low: [3], high: [6] }, constant)).toBeUndefined();
    expect(mase([5], [4], { history: [4], season: 1 })).toBeUndefined(); // one point
    expect(mase([5], [4], { history: [NaN, NaN, NaN], season: 1 })).toBeUndefined(); // all missing
  });

  it('pass over missing values', () => {
    expect(mae([1, NaN, 3], [2, 100, 6])).toBe(2);
    expect(mae([NaN], [1])).toBeUndefined();
    expect(weightedQuantileLoss([[NaN]], [{ quantile: 0.5, values: [[1]] }])).toBeUndefined();
  });

  it('name their variants of sMAPE, which differ for negative values', () => {
    // 200 · 4 / (1 + 3) and 200 · 4 / (−1 + 3)
    expect([smape([-1], [3], 'm4'), smape([-1], [3], 'm3')]).toEqual([200, 400]);
    expect(smape([0], [0], 'm4')).toBe(0);
  });

  it('keep a difference of 1 between values around 10⁹', () => {
    const history = [1e9, 1e9 + 1, 1e9, 1e9 - 1];
    expect(mase([1e9 + 1], [1e9], { history, season: 1 })).toBe(1);
  });

  it('refuse forecasts of another length, and seasons that are none', () => {
    expect(() => mae([1, 2], [1])).toThrow('forecast must have as many steps as actual, got 1, 2');
    expect(() => seasonalScale([1, 2], 0)).toThrow('season must be a positive integer, got 0');
  });
});
