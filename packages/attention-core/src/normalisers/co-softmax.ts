import * as tf from '@tensorflow/tfjs';
import type { Normaliser, Visibility } from './normaliser.ts';
import { softmax } from './softmax.ts';

export interface CoSoftmaxOptions {
  /** Which keys may get weight: broadcastable to [..., L, S]. */
  readonly keys?: Visibility | undefined;
  /** Which queries may get weight: broadcastable to [..., S, L]. */
  readonly queries?: Visibility | undefined;
  /** Default `softmax()`. */
  readonly normaliser?: Normaliser;
}

export interface CoSoftmax {
  /** For each query, weights over the keys: [..., L, S]. */
  readonly overKeys: tf.Tensor;
  /** For each key, weights over the queries: [..., S, L]. */
  readonly overQueries: tf.Tensor;
}

/**
 * One affinity matrix normalised both ways, for co-attention (Lu et al. 2016, Nguyen & Okatani 2018): its rows over the keys and
 * its columns over the queries.
 *
 * @param affinity [..., L, S]
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { coSoftmax } from '@heed/attention-core';
 * const { overKeys, overQueries } = coSoftmax(tf.zeros([1, 2, 4]));
 * overKeys.print(); // [1, 2, 4], all 0.25
 * overQueries.print(); // [1, 4, 2], all 0.5
 * ```
 */
export function coSoftmax(affinity: tf.Tensor, options: CoSoftmaxOptions = {}): CoSoftmax {
  const { keys, queries, normaliser = softmax() } = options;
  const axes = Array.from({ length: affinity.rank }, (_, i) => i);
  const swapped = [...axes.slice(0, -2), affinity.rank - 1, affinity.rank - 2];
  return tf.tidy(() => ({
    overKeys: normaliser.weights(affinity, keys),
    overQueries: normaliser.weights(tf.transpose(affinity, swapped), queries),
  }));
}
