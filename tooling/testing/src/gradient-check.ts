import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

export interface GradientCheckOptions {
  /** Half the distance of the two points. Default 1e-2, near the cube root of float32's precision, where the error is least. */
  readonly step?: number;
  /** Allowed difference, relative to the largest gradient entry (at least 1). Default 5e-3. */
  readonly tolerance?: number;
  /** How many entries of each input are tried; others are skipped evenly. Default 24. */
  readonly entries?: number;
}

/**
 * Asserts that the gradients of Σ f(inputs) ∘ weights, with fixed uneven weights, equal central finite differences. Inputs should
 * be of the order of 1.
 */
export function expectGradientsToMatchDifferences(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  { step = 1e-2, tolerance = 5e-3, entries = 24 }: GradientCheckOptions = {},
): void {
  tf.tidy(() => {
    const objective = (...args: tf.Tensor[]) => {
      const y = f(...args);
      const uneven = tf.reshape(tf.cos(tf.mul(tf.range(0, y.size), 1.7)), y.shape);
      return tf.sum(tf.mul(y, uneven)) as tf.Scalar;
    };
    const gradients = tf.grads(objective)([...inputs]);
    inputs.forEach((input, which) => {
      const values = input.dataSync();
      const analytic = gradients[which].dataSync();
      const stride = Math.max(1, Math.floor(input.size / entries));
      const scale = Math.max(1, ...Array.from(analytic, Math.abs));
      for (let i = 0; i < input.size; i += stride) {
        const at = (shift: number) => {
          const moved = Float32Array.from(values);
          moved[i] += shift;
          const args = inputs.map((x, j) => (j === which ? tf.tensor(moved, input.shape) : x));
          return objective(...args).dataSync()[0];
        };
        const numeric = (at(step) - at(-step)) / (2 * step);
        expect(
          Math.abs(numeric - analytic[i]) / scale,
          `input ${which}, entry ${i}: gradient ${analytic[i]}, finite difference ${numeric}`,
        ).toBeLessThan(tolerance);
      }
    });
  });
}
