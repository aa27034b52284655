import { hasNativeOps, withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { checkLabels } from './check-labels.ts';
import { sparseCrossEntropy } from './cross-entropy.ts';
import { knownLabels, labelRows, pickScores, rowNormaliser } from './label-scores.ts';

/**
 * ln p of each label under the softmax of its logits: `crossEntropy` before the mean, for losses that mix a model's probabilities with others.
 *
 * @param logits float32 [..., V]
 * @param labels int32 [...], each in [0, V); another one gives NaN, on every backend
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
  checkLabels('labelLogProbabilities', labels, classes);
  return tf.tidy(() => {
    const { labels: wanted, inRange } = knownLabels(tf.reshape<tf.Rank.R1>(labels, [-1]), classes); // [N]
    const scores = tf.reshape<tf.Rank.R2>(logits, [-1, classes]); // [N, V]
    const values = hasNativeOps() ? native(scores, wanted) : composed(scores, wanted, classes);
    return tf.reshape(tf.where(inRange, values, NaN), labels.shape);
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
  return withGradient(
    [scores],
    (scores) => {
      const normaliser = rowNormaliser(scores); // [N, 1]
      const value = tf.sub(pickScores(scores, labels), tf.squeeze(normaliser, [1]));
      return { value, saved: [scores, normaliser, labels] };
    },
    (dy, [scores, normaliser, labels]) => [
      tf.mul(tf.sub(labelRows(labels, classes), tf.exp(tf.sub(scores, normaliser))), tf.expandDims(dy, 1)), // [N, V]
    ],
  );
}
