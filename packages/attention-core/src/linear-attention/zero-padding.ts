import * as tf from '@tensorflow/tfjs';

/**
 * 0 at the places beyond the lengths, whatever stood there, NaN included, and in the gradient.
 *
 * @param x [B, H, S, D]
 * @param lengths int32 [B]; undefined where all places are real
 */
export function zeroPadding(x: tf.Tensor, lengths: tf.Tensor1D | undefined): tf.Tensor {
  if (lengths === undefined) return x;
  const positions = tf.reshape(tf.range(0, x.shape[2]!, 1, 'int32'), [1, 1, -1, 1]);
  const real = tf.less(positions, tf.reshape(tf.cast(lengths, 'int32'), [-1, 1, 1, 1])); // [B, 1, S, 1]
  return tf.where(tf.broadcastTo(real, x.shape), x, tf.zerosLike(x));
}
