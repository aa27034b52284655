import * as tf from '@tensorflow/tfjs';

/**
 * Cross-entropy against shares of classes, which mixing and smoothing make: the mean of −Σ shares · log softmax(logits).
 *
 * @param logits [B, classes] @param shares [B, classes], each row summing to 1 @returns scalar, in nats
 */
export function softCrossEntropy(logits: tf.Tensor2D, shares: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => tf.neg(tf.mean(tf.sum(tf.mul(shares, tf.logSoftmax(logits)), 1))));
}
