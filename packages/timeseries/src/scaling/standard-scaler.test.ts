import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeriesTable } from '../table/series-table.ts';
import { StandardScaler, standardOf } from './standard-scaler.ts';
import { normaliseWindow, windowStatistics } from './window-normalisation.ts';

describe('StandardScaler', () => {
  it('has the statistics of training rows alone', () => {
    const { training } = SeriesTable.of([{ id: 'a', targets: { y: [1, 3, 900] } }]).split({ validation: 0, test: 1 });
    expect(StandardScaler.fit(training).of('a')).toEqual([{ mean: 2, deviation: 1 }]);
    expect(StandardScaler.fit(training).of('b')).toBeUndefined();
  });

  it('keeps a deviation of 1 around 10⁹, and takes 1 for that of a constant series', () => {
    expect(standardOf(Float64Array.of(1e9 - 1, 1e9 + 1))).toEqual({ mean: 1e9, deviation: 1 });
    expect(standardOf(Float64Array.of(3, 3, NaN))).toEqual({ mean: 3, deviation: 1 });
  });

  it('refuses a target without any value, naming it', () => {
    const table = SeriesTable.of([{ id: 'a', targets: { y: [NaN, NaN] } }]);
    expect(() => StandardScaler.fit(table)).toThrow('a target must have a value, got 2 missing ones in y of "a"');
  });
});

describe('normaliseWindow', () => {
  it("is RevIN's: mean 0, and deviation 1 but for its ε", () => {
    const { values, centre, scale } = normaliseWindow(Float64Array.of(1, 3), 'mean');
    expect([centre, scale]).toEqual([2, Math.sqrt(1 + 1e-5)]);
    expect(values[1]).toBe(1 / scale);
    expect([...normaliseWindow(Float64Array.of(4, 4), 'mean').values]).toEqual([0, 0]);
    expect([...normaliseWindow(Float64Array.of(1, 3), 'last').values]).toEqual([-2, 0]);
  });

  it('comes to the same after standardising as in one step', () => {
    const standard = { mean: 40, deviation: 7 };
    const window = Float64Array.of(31, 44, 52, 38);
    const standardised = window.map((value) => (value - 40) / 7);
    for (const kind of ['mean', 'last', 'none'] as const) {
      const { values } = normaliseWindow(standardised, kind);
      const { centre, scale } = windowStatistics(window, kind, standard);
      values.forEach((z, i) => expect((window[i] - centre) / scale).toBeCloseTo(z, 12));
    }
  });

  it('is undone within float64, for values of any size', () => {
    const value = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 20 }),
        fc.constantFrom('mean', 'last', 'none'),
        (window, kind) => {
          const { values, centre, scale } = normaliseWindow(Float64Array.from(window), kind);
          const largest = Math.max(...window.map(Math.abs));
          values.forEach((z, i) =>
            expect(Math.abs(z * scale + centre - window[i])).toBeLessThanOrEqual(4e-16 * largest),
          );
        },
      ),
    );
  });
});
