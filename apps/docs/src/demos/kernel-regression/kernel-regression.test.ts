import { describe, expect, it } from 'vitest';
import { kernelRegression, type KernelRegressionOptions } from './kernel-regression.ts';

const base: KernelRegressionOptions = {
  points: [
    [0, 0],
    [1, 1],
    [2, 4],
    [3, 9],
    [4, 16],
  ],
  places: [0, 2, 4],
  form: 'average',
  width: 1,
  query: 2,
};

describe('kernelRegression', () => {
  it('gives the mean everywhere where all examples count the same', () => {
    const { curve, weights } = kernelRegression(base, () => {});
    for (const y of curve) expect(y).toBeCloseTo(6, 5);
    for (const weight of weights) expect(weight).toBeCloseTo(0.2, 6);
  });

  it('weighs by a Gaussian of the width', () => {
    const { weights } = kernelRegression({ ...base, form: 'kernel' }, () => {});
    // exp(−d²/2) for distances 2, 1, 0, 1, 2
    const kernel = [2, 1, 0, 1, 2].map((distance) => Math.exp((-distance * distance) / 2));
    const sum = kernel.reduce((total, value) => total + value);
    for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(kernel[i] / sum, 5);
  });

  it('learns a width that predicts each example from the others better', () => {
    const before = kernelRegression({ ...base, form: 'kernel', width: 2 }, () => {});
    const steps: number[] = [];
    const after = kernelRegression({ ...base, form: 'learned', width: 2 }, ({ step }) => steps.push(step));
    expect(after.loss).toBeLessThan(0.7 * before.loss);
    expect(after.width).toBeLessThan(2);
    expect(steps[0]).toBe(20);
  });

  it('needs two points', () => {
    expect(() => kernelRegression({ ...base, points: [[0, 0]] }, () => {})).toThrow(
      'at least two points are needed, got 1',
    );
  });
});
