import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

/**
 * Cross-entropy of the next item against items that were drawn with equal chances. The correction for how likely each was to be drawn (logQ: Bengio &
 * Senécal 2008) is then the same for all, and cancels. Negatives are shared by all targets.
 *
 * @param hidden float32 [T, M]
 * @param items float32 [V, M]
 * @param targets int32 [T], or −1 where a row does not count
 * @param negatives int32 [N]
 * @returns scalar, in nats
 */
export function sampledCrossEntropy(
  hidden: tf.Tensor2D,
  items: tf.Tensor2D,
  targets: tf.Tensor1D,
  negatives: tf.Tensor1D,
): tf.Scalar {
  return tf.tidy(() => {
    const known = tf.cast(tf.maximum(targets, 0), 'int32') as tf.Tensor1D; // [T]
    const wanted = tf.sum(tf.mul(hidden, tf.gather(items, known)), 1); // [T]
    const drawn = tf.matMul(hidden, tf.gather(items, negatives), false, true); // [T, N]
    // a draw that is the target itself does not speak against it
    const same = tf.equal(tf.expandDims(known, 1), tf.expandDims(negatives, 0)); // [T, N]
    const others = tf.where(same, -1e9, drawn);
    const logits = tf.concat([tf.expandDims(wanted, 1), others], 1); // [T, 1 + N]
    const first = tf.where(tf.greaterEqual(targets, 0), 0, -100); // [T]
    return crossEntropy(logits, tf.cast(first, 'int32'));
  });
}
