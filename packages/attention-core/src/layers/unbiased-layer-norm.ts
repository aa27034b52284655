import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { sumRows } from '../kernels/native-ops.ts';
import { Module } from '../module/module.ts';
import type { LayerNormConfig } from './layer-norm.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from './linear.ts';

/**
 * y = (x − mean) / (s + ε) · weight + bias over the last dimension, s being the standard deviation of a sample (divided by
 * width − 1) and ε standing outside the root: the layer norm of "The annotated Transformer" (Rush 2018) and of MCAN (Yu et al. 2019).
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { UnbiasedLayerNorm } from '@heed/attention-core';
 * new UnbiasedLayerNorm({ width: 2 }).forward(tf.tensor2d([[1, 3]])).print(); // [[-0.7071, 0.7071]]
 * ```
 */
export class UnbiasedLayerNorm extends Module {
  readonly weight: tf.Variable<tf.Rank.R1>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  private readonly epsilon: number;

  /** @param config width at least 2; epsilon, default 1e-6 */
  constructor({ width, epsilon = 1e-6 }: LayerNormConfig) {
    super();
    requireIntegers('UnbiasedLayerNorm', { width });
    if (width === 1) throw new Error('UnbiasedLayerNorm: width must be at least 2, for a deviation, got 1');
    this.weight = weight(new Float32Array(width).fill(1), [width]);
    this.bias = weight(new Float32Array(width), [width]);
    this.epsilon = epsilon;
  }

  /** @param x [..., width] @returns the same shape */
  forward(x: tf.Tensor): tf.Tensor {
    return unbiasedLayerNorm(x, this.weight, this.bias, this.epsilon);
  }
}

/** Where all values are equal the deviation's gradient is taken as 0. */
function unbiasedLayerNorm(x: tf.Tensor, gain: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number): tf.Tensor {
  const freedom = gain.size - 1;
  return withGradient(
    [x, gain, bias],
    (x, gain, bias) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const deviation = tf.sqrt(tf.div(tf.sum(tf.square(centred), -1, true), freedom));
      const normalised = tf.div(centred, tf.add(deviation, epsilon));
      return { value: tf.add(tf.mul(normalised, gain), bias), saved: [centred, deviation, normalised, gain] };
    },
    (dy, [centred, deviation, normalised, gain]) => {
      const scaled = tf.mul(dy, gain);
      const flat = tf.cast(tf.equal(deviation, 0), 'float32');
      const direction = tf.div(centred, tf.mul(tf.add(deviation, flat), freedom)); // ∂deviation/∂x
      const projection = tf.sum(tf.mul(scaled, normalised), -1, true);
      const dCentred = tf.div(tf.sub(scaled, tf.mul(direction, projection)), tf.add(deviation, epsilon));
      return [tf.sub(dCentred, tf.mean(dCentred, -1, true)), sumRows(tf.mul(dy, normalised)), sumRows(dy)];
    },
  );
}
