import * as tf from '@tensorflow/tfjs';

/**
 * SASRec's own loss: −log σ(s⁺) − Σ log(1 − σ(s⁻)), as the mean over the counted targets; 0 where none counts.
 *
 * @param hidden float32 [T, M]
 * @param items float32 [V, M]
 * @param targets int32 [T], or −1 where a row does not count
 * @param negatives int32 [T, N]: items that did not come next
 * @returns scalar, in nats
 */
export function binaryItemLoss(
  hidden: tf.Tensor2D,
  items: tf.Tensor2D,
  targets: tf.Tensor1D,
  negatives: tf.Tensor2D,
): tf.Scalar {
  return tf.tidy(() => {
    const counted = tf.cast(tf.greaterEqual(targets, 0), 'float32'); // [T]
    const positive = tf.sum(
      tf.mul(hidden, tf.gather(items, tf.cast(tf.maximum(targets, 0), 'int32') as tf.Tensor1D)),
      1,
    ); // [T]
    const against = tf.sum(tf.mul(tf.expandDims(hidden, 1), tf.gather(items, negatives)), 2); // [T, N]
    const loss = tf.add(tf.softplus(tf.neg(positive)), tf.sum(tf.softplus(against), 1)); // [T]
    return tf.div(tf.sum(tf.mul(loss, counted)), tf.maximum(tf.sum(counted), 1)) as tf.Scalar;
  });
}
