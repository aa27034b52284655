import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused } from '../kernels/fused-ops.ts';
import { sumRows } from '../kernels/native-ops.ts';
import { Module } from '../module/module.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from './linear.ts';

export interface LayerNormConfig {
  /** Width of the last dimension, which is normalised. */
  readonly width: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * y = (x − mean) / √(variance + ε) · weight + bias over the last dimension (Ba et al. 2016), the variance being the biased one.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { LayerNorm } from '@heed/attention-core';
 * new LayerNorm({ width: 2 }).forward(tf.tensor2d([[1, 3]])).print(); // [[-1, 1]]
 * ```
 */
export class LayerNorm extends Module {
  readonly weight: tf.Variable<tf.Rank.R1>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  private readonly epsilon: number;

  constructor({ width, epsilon = 1e-5 }: LayerNormConfig) {
    super();
    requireIntegers('LayerNorm', { width });
    this.weight = weight(new Float32Array(width).fill(1), [width]);
    this.bias = weight(new Float32Array(width), [width]);
    this.epsilon = epsilon;
  }

  /** @param x [..., width] @returns the same shape */
  forward(x: tf.Tensor): tf.Tensor {
    return layerNorm(x, this.weight, this.bias, this.epsilon);
  }
}

/** Layer normalisation over the last dimension, with one fused gradient. Shapes as in `LayerNorm`. */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number): tf.Tensor {
  if (hasFused('HeedLayerNorm')) return inOnePass(x, gain, bias, epsilon);
  return withGradient(
    [x, gain, bias],
    (x, gain, bias) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
      const normalised = tf.mul(centred, inverse);
      return { value: tf.add(tf.mul(normalised, gain), bias), saved: [normalised, inverse, gain] };
    },
    (dy, [normalised, inverse, gain]) => {
      const scaled = tf.mul(dy, gain);
      const projection = tf.mean(tf.mul(scaled, normalised), -1, true);
      const dx = tf.mul(tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), tf.mul(normalised, projection)), inverse);
      return [dx, sumRows(tf.mul(dy, normalised)), sumRows(dy)];
    },
  );
}

function inOnePass(x: tf.Tensor, gain: tf.Tensor1D, bias: tf.Tensor1D, epsilon: number): tf.Tensor {
  return withGradient(
    [x, gain, bias],
    (x, gain, bias) => {
      const [value, mean, inverse] = fused('HeedLayerNorm', [x, gain, bias], { epsilon });
      return { value, saved: [x, mean, inverse, gain] };
    },
    (dy, saved) => fused('HeedLayerNormGradient', [dy, ...saved]),
  );
}
