import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { scoreForecasts, type WindowForecast } from '../evaluation/score-forecasts.ts';
import { SeriesTable } from '../table/series-table.ts';
import { adaptiveIntervals } from './adaptive-conformal.ts';
import { SplitConformal } from './split-conformal.ts';

// zeros are forecast, two steps ahead; after the validation the errors are three times as large
const draws = [...new Random(11).normals(2002)];
const y = [0, ...draws.map((draw, i) => (i < 500 ? draw : 3 * draw))];
const { validation, test } = SeriesTable.of([{ targets: { y } }]).split({ training: 1, validation: 500, test: 1502 });
const zeros = (from: number, to: number): WindowForecast[] =>
  Array.from({ length: to - from }, (_, i) => ({ series: 0, at: from + i, values: [new Float64Array(2)] }));
const calibrated = () => SplitConformal.calibrate(validation, zeros(1, 500), { levels: [0.8, 0.95], most: 200 });

describe('adaptiveIntervals', () => {
  it('hold their share where errors grow, which those of the calibration do not', () => {
    const forecasts = zeros(501, 2001);
    const conformal = calibrated();
    const fixed = forecasts.map((forecast) => ({
      ...forecast,
      intervals: forecast.values.map((v, t) => conformal.around(t, v)),
    }));
    const held = (made: WindowForecast[]) =>
      scoreForecasts(test, made, { season: 1 }).intervals.map(({ coverage }) => coverage);
    const [fixed80] = held(fixed);
    expect(fixed80).toBeLessThan(0.5); // three times the deviation: 1.28 deviations become 0.43
    const adaptive = held(adaptiveIntervals(test, forecasts, conformal, { rate: 0.05 }));
    expect(Math.abs(adaptive[0] - 0.8)).toBeLessThan(0.02);
    expect(Math.abs(adaptive[1] - 0.95)).toBeLessThan(0.02);
  });

  it('learn from a step only when it has happened', () => {
    const forecasts = zeros(501, 520);
    const before = adaptiveIntervals(test, forecasts, calibrated());
    // what happens at the last origin and after it changes none of the intervals
    const changed = SeriesTable.of([{ targets: { y: y.map((value, i) => (i >= 519 ? 1000 : value)) } }]).split({
      training: 1,
      validation: 500,
      test: 1502,
    });
    expect(adaptiveIntervals(changed.test, forecasts, calibrated())).toEqual(before);
    // but what happens right before it does
    const earlier = SeriesTable.of([{ targets: { y: y.map((value, i) => (i >= 518 ? 1000 : value)) } }]).split({
      training: 1,
      validation: 500,
      test: 1502,
    });
    expect(adaptiveIntervals(earlier.test, forecasts, calibrated())).not.toEqual(before);
  });

  it('never cross, and leave the calibration as it was', () => {
    const conformal = calibrated();
    const state = conformal.state();
    for (const { intervals } of adaptiveIntervals(test, zeros(501, 1501), conformal)) {
      const [[narrow, wide]] = intervals!;
      narrow.low.forEach((low, i) => expect(wide.low[i] <= low && wide.high[i] >= narrow.high[i]).toBe(true));
    }
    expect(conformal.state()).toEqual(state);
  });
});
