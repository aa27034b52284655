import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { Normaliser, Visibility } from './normaliser.ts';
import { greatestOf, hideScores, zeroWhereHidden } from './visible.ts';

/**
 * The point of the probability simplex nearest to the scores (Martins & Astudillo 2016): max(s − τ, 0), with the τ for which the
 * weights add up to 1. Low scores get weights of exactly 0.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { sparsemax } from '@heed/attention-core';
 * sparsemax().weights(tf.tensor2d([[0.5, 0, -1]])).print(); // [[0.75, 0.25, 0]]
 * ```
 */
export function sparsemax(): Normaliser {
  return { name: 'sparsemax', weights: maskedSparsemax };
}

function maskedSparsemax(scores: tf.Tensor, visibility?: Visibility): tf.Tensor {
  return withGradient(
    [scores],
    (scores) => {
      const hidden = hideScores(scores, visibility);
      const visible = zeroWhereHidden(nearestDistribution(hidden), hidden);
      return { value: visible, saved: [visible] };
    },
    (dy, [weights]) => {
      const support = tf.cast(tf.greater(weights, 0), 'float32');
      const count = tf.maximum(tf.sum(support, -1, true), 1); // hidden rows have none
      const mean = tf.div(tf.sum(tf.mul(dy, support), -1, true), count);
      return [tf.mul(support, tf.sub(dy, mean))];
    },
    { again: 'backward' },
  );
}

function nearestDistribution(scores: tf.Tensor): tf.Tensor {
  const keys = scores.shape.at(-1)!;
  // τ is at least the greatest score − 1, so that whatever is lower may as well be equal to that
  const z = tf.maximum(tf.sub(scores, greatestOf(scores)), -1);
  const sorted = tf.topk(z, keys).values;
  const sums = tf.cumsum(sorted, sorted.rank - 1);
  const ranks = tf.range(1, keys + 1);
  const inSupport = tf.cast(tf.greater(tf.add(tf.mul(sorted, ranks), 1), sums), 'float32'); // 1 + k·z₍ₖ₎ > Σ z₍ⱼ₎
  const count = tf.maximum(tf.sum(inSupport, -1, true), 1);
  const threshold = tf.div(tf.sub(tf.sum(tf.mul(sorted, inSupport), -1, true), 1), count);
  return tf.maximum(tf.sub(z, threshold), 0);
}
