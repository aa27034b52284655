import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../autodiff/stop-gradient.ts';
import { weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Score } from './score.ts';

/**
 * −‖q − k‖² / 2h² : the logarithm of a Gaussian kernel of width h. With softmax it is Nadaraya–Watson kernel regression
 * (Nadaraya 1964, Watson 1964).
 *
 * @param width h, in the units of queries and keys
 * @throws if the width is not positive
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { gaussianKernel } from '@heed/attention-core';
 * gaussianKernel({ width: 1 }).scores(tf.tensor2d([[2]]), tf.tensor2d([[2], [4]])).print(); // [[0, -2]]
 * ```
 */
export function gaussianKernel({ width = 1 }: { readonly width?: number } = {}): Score {
  if (!(width > 0)) throw new Error(`gaussianKernel: width must be positive, got ${width}`);
  return { name: 'gaussian-kernel', scores: (query, key) => kernelScores(query, key, 1 / width) };
}

/** Nadaraya–Watson with a learned width: −(‖q − k‖·w)² / 2 with the one weight w = 1/h. */
export class GaussianKernelScore extends Module implements Score {
  readonly name = 'gaussian-kernel';
  readonly inverseWidth: tf.Variable<tf.Rank.R1>;

  /** @param config.width the width to begin with. Default 1 */
  constructor({ width = 1 }: { readonly width?: number } = {}) {
    super();
    if (!(width > 0)) throw new Error(`GaussianKernelScore: width must be positive, got ${width}`);
    this.inverseWidth = weight(Float32Array.of(1 / width), [1]);
  }

  /** @param query [..., L, D] @param key [..., S, D] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    return kernelScores(query, key, this.inverseWidth);
  }
}

/** Uniform scores: every visible key counts the same, so that softmax makes average pooling of attention. */
export function uniform(): Score {
  return {
    name: 'uniform',
    scores: (query, key) => tf.zeros([...query.shape.slice(0, -1), key.shape.at(-2)!]), // [..., L, S]
  };
}

function kernelScores(query: tf.Tensor, key: tf.Tensor, inverseWidth: tf.Tensor | number): tf.Tensor {
  return tf.tidy(() => {
    // Distances do not change when both are moved; about the keys' mean, ‖q‖² + ‖k‖² − 2q·k loses the least precision.
    const origin = stopGradient(tf.mean(key, -2, true));
    const [q, k] = [query, key].map((x) => tf.mul(tf.sub(x, origin), inverseWidth));
    const half = (x: tf.Tensor) => tf.mul(tf.sum(tf.square(x), -1), 0.5);
    const norms = tf.add(tf.expandDims(half(q), -1), tf.expandDims(half(k), -2)); // [..., L, S]
    return tf.sub(tf.matMul(q, k, false, true), norms);
  });
}
