import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { calibration, fitTemperature } from './calibration.ts';

describe('calibration', () => {
  it('is what a count by hand gives', () => {
    const { expectedCalibrationError, brier, bins } = calibration(
      [
        [0.9, 0.1],
        [0.9, 0.1],
        [0.4, 0.6],
      ],
      [0, 1, 1],
    );
    // two of three at 0.9 with half of them right, one at 0.6 that is right
    expect(expectedCalibrationError).toBeCloseTo((2 / 3) * 0.4 + (1 / 3) * 0.4, 10);
    expect(brier).toBeCloseTo((0.02 + 1.62 + 0.32) / 3, 10);
    expect(bins.map(({ examples }) => examples)).toEqual([1, 2]);
  });

  it('refuses none at all', () => {
    expect(() => calibration([], [])).toThrow(
      'calibration: there must be as many labels as pictures, and at least one, got 0 and 0',
    );
  });
});

describe('fitTemperature', () => {
  it('finds the temperature by which labels were drawn', () => {
    const random = new Random(1);
    const logits = Array.from({ length: 4000 }, () => [...random.normals(3, 0, 4)]);
    const labels = logits.map((row) => {
      const weights = row.map((value) => Math.exp(value / 2.5));
      let draw = random.uniform() * weights.reduce((sum, value) => sum + value, 0);
      return weights.findIndex((value) => (draw -= value) < 0);
    });
    expect(fitTemperature(logits, labels)).toBeCloseTo(2.5, 0);
    expect(Math.abs(fitTemperature(logits, labels) / 2.5 - 1)).toBeLessThan(0.08);
  });

  it('stays within bounds where all is right or all is wrong, and is 1 where nothing is known', () => {
    const sure = [
      [5, 0],
      [0, 5],
    ];
    expect(fitTemperature(sure, [1, 0])).toBe(100);
    expect(fitTemperature([[1, 1]], [0])).toBe(1);
    const hardly = sure.map((row) => row.map((logit) => logit / 1000));
    expect(fitTemperature(hardly, [0, 1])).toBe(0.01);
  });
});
