import * as tf from '@tensorflow/tfjs';

/** Labels that point at classes, whatever they hold. */
export interface KnownLabels {
  /** int32 [N], each in [0, classes). */
  readonly labels: tf.Tensor1D;
  /** bool [N]: whether the label was in that range. */
  readonly inRange: tf.Tensor1D;
}

/** Puts class 0 in the place of labels out of range, and tells which they were. @param labels int32 [N] */
export function knownLabels(labels: tf.Tensor1D, classes: number): KnownLabels {
  const inRange = tf.logicalAnd(tf.greaterEqual(labels, 0), tf.less(labels, classes)) as tf.Tensor1D;
  return { labels: tf.mul(labels, tf.cast(inRange, 'int32')), inRange };
}

/**
 * The score of each label. Picked, not summed after a product with zeros, which −∞ and NaN in other classes would spoil.
 *
 * @param scores [N, V] @param labels int32 [N], each in [0, V) @returns [N]
 */
export function pickScores(scores: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const [rows, classes] = scores.shape;
  const places = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(classes, 'int32')), labels);
  return tf.gather(tf.reshape(scores, [-1]), places as tf.Tensor1D);
}

/** ln Σ eˣ of every row. @param scores [N, V] @returns [N, 1] */
export function rowNormaliser(scores: tf.Tensor): tf.Tensor {
  const highest = tf.max(scores, 1, true); // [N, 1]
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(scores, highest)), 1, true)), highest);
}

/** float32 [N, V], 1 at each row's label. `tf.oneHot` refuses a single class. @param labels int32 [N], each in [0, V) */
export function labelRows(labels: tf.Tensor, classes: number): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(labels, 1), tf.range(0, classes, 1, 'int32')), 'float32');
}
