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
  options: GradientCheckOptions = {},
): void {
  tf.tidy(() => {
    const objective = (...args: tf.Tensor[]) => unevenSum(f(...args));
    const gradients = tf.grads(objective)([...inputs]);
    inputs.forEach((input, which) => {
      const at = (values: Float32Array) =>
        objective(...inputs.map((x, i) => (i === which ? tf.tensor(values, input.shape) : x))).dataSync()[0];
      compare(`input ${which}`, input, gradients[which], at, options);
    });
  });
}

/** The same by the variables that `f` reads, each of which is left as it was. */
export function expectVariableGradientsToMatchDifferences(
  f: () => tf.Tensor,
  variables: readonly { readonly name: string; readonly variable: tf.Variable }[],
  options: GradientCheckOptions = {},
): void {
  tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () => unevenSum(f()),
      variables.map(({ variable }) => variable),
    );
    for (const { name, variable } of variables) {
      const before = variable.dataSync();
      const at = (values: ArrayLike<number>) => {
        variable.assign(tf.tensor(Float32Array.from(values), variable.shape));
        return unevenSum(f()).dataSync()[0];
      };
      compare(name, variable, grads[variable.name], at, options);
      at(before);
    }
  });
}

function unevenSum(y: tf.Tensor): tf.Scalar {
  const uneven = tf.reshape(tf.cos(tf.mul(tf.range(0, y.size), 1.7)), y.shape);
  return tf.sum(tf.mul(y, uneven)) as tf.Scalar;
}

function compare(
  name: string,
  input: tf.Tensor,
  gradient: tf.Tensor,
  at: (values: Float32Array) => number,
  { step = 1e-2, tolerance = 5e-3, entries = 24 }: GradientCheckOptions,
): void {
  const values = Float32Array.from(input.dataSync());
  const analytic = gradient.dataSync();
  const stride = Math.max(1, Math.floor(input.size / entries));
  const scale = Math.max(1, ...Array.from(analytic, Math.abs));
  for (let i = 0; i < input.size; i += stride) {
    const moved = (shift: number) => {
      const changed = Float32Array.from(values);
      changed[i] += shift;
      return at(changed);
    };
    const numeric = (moved(step) - moved(-step)) / (2 * step);
    expect(
      Math.abs(numeric - analytic[i]) / scale,
      `${name}, entry ${i}: gradient ${analytic[i]}, finite difference ${numeric}`,
    ).toBeLessThan(tolerance);
  }
}
