import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { sumRows } from '../kernels/native-ops.ts';
import { Module } from '../module/module.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from './linear.ts';

export interface RmsNormConfig {
  /** Width of the last dimension, which is normalised. */
  readonly width: number;
  /** Added to the mean square. Default 1e-6. */
  readonly epsilon?: number;
}

/**
 * y = x / √(mean(x²) + ε) · weight over the last dimension (Zhang & Sennrich 2019): layer norm without mean and bias.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { RmsNorm } from '@heed/attention-core';
 * new RmsNorm({ width: 2 }).forward(tf.tensor2d([[1, 7]])).print(); // [[0.2, 1.4]]
 * ```
 */
export class RmsNorm extends Module {
  readonly weight: tf.Variable<tf.Rank.R1>;
  private readonly epsilon: number;

  constructor({ width, epsilon = 1e-6 }: RmsNormConfig) {
    super();
    requireIntegers('RmsNorm', { width });
    this.weight = weight(new Float32Array(width).fill(1), [width]);
    this.epsilon = epsilon;
  }

  /** @param x [..., width] @returns the same shape */
  forward(x: tf.Tensor): tf.Tensor {
    return rmsNorm(x, this.weight, this.epsilon);
  }
}

/** Root-mean-square normalisation over the last dimension, with one fused gradient. Shapes as in `RmsNorm`. */
export function rmsNorm(x: tf.Tensor, gain: tf.Tensor1D, epsilon: number): tf.Tensor {
  return withGradient(
    [x, gain],
    (x, gain) => {
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
      const normalised = tf.mul(x, inverse);
      return { value: tf.mul(normalised, gain), saved: [normalised, inverse, gain] };
    },
    (dy, [normalised, inverse, gain]) => {
      const scaled = tf.mul(dy, gain);
      const projection = tf.mean(tf.mul(scaled, normalised), -1, true);
      const dx = tf.mul(tf.sub(scaled, tf.mul(normalised, projection)), inverse);
      return [dx, sumRows(tf.mul(dy, normalised))];
    },
  );
}
