import { describe, expect, it } from 'vitest';
import { repeatLast } from '../baselines/repeat-last.ts';
import { StandardScaler } from '../scaling/standard-scaler.ts';
import { SeriesTable } from '../table/series-table.ts';
import { scoreBaseline } from './score-baseline.ts';
import { scoreForecasts } from './score-forecasts.ts';

describe('scoreForecasts', () => {
  const table = SeriesTable.of([
    { id: 'a', targets: { y: [0, 2, 4, 6, 8, 10] } },
    { id: 'constant', targets: { y: [5, 5, 5, 5, 5, 6] } },
    { id: 'missing', targets: { y: [1, 2, 3, 4, NaN, NaN] } },
  ]);
  const { training, test } = table.split({ validation: 0, test: 2 });

  it('means over all windows, counts where MASE is undefined and where nothing is to be compared', () => {
    const scores = scoreBaseline(repeatLast(), test, { horizon: 2, season: 1 });
    expect(scores).toMatchObject({ windows: 3, undefinedMase: 1, empty: 1, season: 1, smapeVariant: 'm4' });
    // errors: a 2 and 4, constant 0 and 1
    expect(scores.mae).toBe((3 + 0.5) / 2);
    expect(scores.mse).toBe((10 + 0.5) / 2);
    expect(scores.mase).toBe(3 / 2); // of a alone
  });

  it('measures in deviations of the training where it is told so', () => {
    const scaler = StandardScaler.fit(training);
    const { mae } = scoreBaseline(repeatLast(), test, { horizon: 2, season: 1, scaler });
    // the training of a is 0, 2, 4, 6, with deviation √5; of the constant one it counts as 1
    expect(mae).toBeCloseTo((3 / Math.sqrt(5) + 0.5) / 2, 12);
  });

  it('scores intervals by coverage, width, MSIS and weighted quantile loss', () => {
    const interval = { level: 0.8, low: Float64Array.of(7, 7), high: Float64Array.of(9, 9) };
    const forecasts = [{ series: 0, at: 4, values: [Float64Array.of(8, 8)], intervals: [[interval]] }];
    const [scores] = scoreForecasts(test, forecasts, { season: 1 }).intervals;
    expect(scores).toMatchObject({ level: 0.8, coverage: 0.5, width: 2 });
    // width 2, and 2 / 0.2 · 1 for the 10 that is outside, halved over two steps; seasonal error 2
    expect(scores.msis).toBeCloseTo((2 + 10 / 2) / 2, 12);
    // pinball: at 0.1 of low 0.1 · (1 + 3), at 0.9 of high 0.1 · 1 + 0.9 · 1; times 2 over 18, the mean of two
    expect(scores.weightedQuantileLoss).toBeCloseTo((0.4 + 1) / 18, 12);
  });

  it('refuses a horizon that is longer than the data', () => {
    expect(() => scoreBaseline(repeatLast(), test, { horizon: 7, season: 1 })).toThrow('there must be an origin');
  });
});
