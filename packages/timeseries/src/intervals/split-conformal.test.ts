import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { SeriesTable } from '../table/series-table.ts';
import { RollingErrors } from './rolling-errors.ts';
import { SplitConformal } from './split-conformal.ts';

/** Zeros forecast for a table whose values are the errors. */
const calibrated = (errors: readonly number[], levels: readonly number[]) => {
  const y = [0, ...errors];
  const { validation } = SeriesTable.of([{ targets: { y } }]).split({ validation: errors.length, test: 0 });
  const forecasts = errors.map((_, i) => ({ series: 0, at: i + 1, values: [new Float64Array(1)] }));
  return SplitConformal.calibrate(validation, forecasts, { levels });
};

describe('SplitConformal', () => {
  it('reaches to the ⌈(n + 1) · level⌉-th smallest error', () => {
    const errors = [5, -1, 3, 2, -4, 9, 6, -8, 7]; // sizes 1 to 9
    const conformal = calibrated(errors, [0.5, 0.8, 0.9]);
    // (9 + 1) · level = 5, 8 and 9
    expect([0.5, 0.8, 0.9].map((level) => conformal.radius(level, 0, 0))).toEqual([5, 8, 9]);
    const [half] = conformal.around(0, Float64Array.of(100));
    expect([half.low[0], half.high[0]]).toEqual([95, 105]);
  });

  it('refuses too few errors, and says how many are needed', () => {
    expect(() => calibrated([1, 2, 3], [0.8])).toThrow('need at least 4 errors of every target and step, got 3');
    expect(calibrated([1, 2, 3, 4], [0.8]).radius(0.8, 0, 0)).toBe(4);
    const eighteen = Array.from({ length: 18 }, (_, i) => i);
    expect(() => calibrated(eighteen, [0.95])).toThrow('intervals of 95 % need at least 19');
    expect(calibrated([...eighteen, 18], [0.95]).count).toBe(19);
  });

  it('holds the stated share of exchangeable values', () => {
    const draws = [...new Random(3).normals(4000)];
    const conformal = calibrated(draws.slice(0, 999), [0.8, 0.95]);
    const held = (level: number) =>
      draws.slice(999).filter((draw) => Math.abs(draw) <= conformal.radius(level, 0, 0)).length / 3001;
    // the share lies around the level by about 0.013 (999 errors) and 0.007 (3,001 values): three deviations are 0.045
    expect(Math.abs(held(0.8) - 0.8)).toBeLessThan(0.045);
    expect(Math.abs(held(0.95) - 0.95)).toBeLessThan(0.025);
  });

  it('moves on with errors that have happened, and forgets the oldest', () => {
    // one target, one step, at most four errors
    const conformal = SplitConformal.restore(Float32Array.of(1, 1, 4, 4, 9, 1, 1, 1), [0.8]);
    expect(conformal.radius(0.8, 0, 0)).toBe(9);
    conformal.add(0, [2], [0]);
    conformal.add(0, [NaN], [0]); // no value, no error
    expect([...conformal.state()]).toEqual([1, 1, 4, 4, 1, 1, 1, 2]);
    expect(conformal.radius(0.8, 0, 0)).toBe(2);
  });

  it('keeps errors in order of size as they come and go', () => {
    const draws = [...new Random(5).normals(300)].map((draw) => Math.fround(Math.abs(draw)));
    const errors = new RollingErrors(50);
    draws.forEach((draw, i) => {
      errors.add(draw);
      const kept = draws.slice(Math.max(0, i - 49), i + 1);
      const sorted = kept.toSorted((a, b) => a - b);
      expect([errors.count, errors.ofRank(1), errors.ofRank(kept.length)]).toEqual([
        kept.length,
        sorted[0],
        sorted.at(-1),
      ]);
      expect(errors.ofRank(Math.ceil(kept.length / 2))).toBe(sorted[Math.ceil(kept.length / 2) - 1]);
    });
    expect([...errors.inTime()]).toEqual(draws.slice(-50));
  });

  it('refuses a state that is none', () => {
    for (const state of [[], [1, 1, 4], [1, 1, 4, 5, 1], [1, 1, 4, 4, 9, 1, 1, 1, 1], [1, 1, 1.5, 1, 1]]) {
      expect(() => SplitConformal.restore(Float32Array.from(state), [0.8])).toThrow('state must be what state() gave');
    }
  });
});
