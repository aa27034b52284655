import { hasNativeOps, withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { sparseCrossEntropy } from './cross-entropy.ts';

/**
 * ln p of each label under the softmax of its logits: `crossEntropy` before the mean, for losses that mix a model's probabilities with others.
 *
 * @param logits float32 [..., V]
 * @param labels int32 [...], each in [0, V); the values are not checked
 * @returns float32 [...], in nats, none above 0
 * @throws if the shapes do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { labelLogProbabilities } from '@heed/training';
 * labelLogProbabilities(tf.tensor2d([[2, 0], [0, 2]]), tf.tensor1d([0, 0], 'int32')).print(); // [-0.1269, -2.1269]
 * ```
 */
export function labelLogProbabilities(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  if (logits.rank === 0 || String(logits.shape.slice(0, -1)) !== String(labels.shape)) {
    throw new Error(
      `labelLogProbabilities: labels must have the logits' shape without the last axis, got logits [${logits.shape}], labels [${labels.shape}]`,
    );
  }
  if (labels.dtype !== 'int32') throw new Error(`labelLogProbabilities: labels must be int32, got ${labels.dtype}`);
  const classes = logits.shape[logits.rank - 1];
  return tf.tidy(() => {
    const wanted = tf.reshape<tf.Rank.R1>(labels, [-1]); // [N]
    const scores = tf.reshape<tf.Rank.R2>(logits, [-1, classes]); // [N, V]
    return tf.reshape(hasNativeOps() ? native(scores, wanted) : composed(scores, wanted, classes), labels.shape);
  });
}

function native(scores: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor {
  return withGradient(
    [scores],
    (scores) => {
      const [losses, slopes] = sparseCrossEntropy(scores, labels);
      return { value: tf.neg(losses), saved: [slopes] };
    },
    (dy, [slopes]) => [tf.mul(slopes, tf.neg(tf.expandDims(dy, 1)))],
  );
}

function composed(scores: tf.Tensor2D, labels: tf.Tensor1D, classes: number): tf.Tensor {
  const chosen = (labels: tf.Tensor) => tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32'); // [N, V]
  return withGradient(
    [scores],
    (scores) => {
      const highest = tf.max(scores, 1, true); // [N, 1]
      const normaliser = tf.add(tf.log(tf.sum(tf.exp(tf.sub(scores, highest)), 1, true)), highest); // [N, 1]
      const value = tf.sub(tf.sum(tf.mul(scores, chosen(labels)), 1), tf.squeeze(normaliser, [1]));
      return { value, saved: [scores, normaliser, labels] };
    },
    (dy, [scores, normaliser, labels]) => [
      tf.mul(tf.sub(chosen(labels), tf.exp(tf.sub(scores, normaliser))), tf.expandDims(dy, 1)), // [N, V]
    ],
  );
}
