import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { Normaliser, Visibility } from './normaliser.ts';

/** Added to hidden scores: finite, and so far below every sensible score that its exponential is 0 in float32. */
const HIDDEN = -1e30;

/**
 * exp(s) / Σ exp(s) over the visible keys.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { softmax } from '@heed/attention-core';
 * softmax().weights(tf.tensor2d([[0, Math.log(3)]])).print(); // [[0.25, 0.75]]
 * ```
 */
export function softmax(): Normaliser {
  return { name: 'softmax', weights: maskedSoftmax };
}

/** Softmax over the last dimension with hidden entries exactly 0; rows that are hidden throughout are 0, and so is their gradient. */
export function maskedSoftmax(scores: tf.Tensor, visibility?: Visibility): tf.Tensor {
  return withGradient(
    [scores],
    (scores) => {
      const weights = softmaxOfVisible(scores, visibility);
      return { value: weights, saved: [weights] };
    },
    (dy, [weights]) => {
      const weighted = tf.mul(dy, weights);
      return [tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true)))];
    },
  );
}

function softmaxOfVisible(scores: tf.Tensor, visibility: Visibility | undefined): tf.Tensor {
  if (visibility === undefined) return tf.softmax(scores);
  const visible = tf.cast(visibility.allowed, 'float32');
  const weights = tf.softmax(tf.add(scores, tf.mul(tf.sub(1, visible), HIDDEN)));
  return visibility.mayHideAll ? tf.mul(weights, visible) : weights;
}
