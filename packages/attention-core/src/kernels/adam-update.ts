import * as tf from '@tensorflow/tfjs';
import { fused, hasFused } from './fused-ops.ts';

/** Of Adam; all vectors are float32 [P], all scalars tensors, for they change from step to step. */
export interface AdamUpdate {
  readonly weights: tf.Tensor;
  /** The running mean of gradients. */
  readonly first: tf.Tensor;
  /** The running mean of squared gradients. */
  readonly second: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly learningRate: tf.Tensor;
  readonly epsilon: tf.Tensor;
}

/**
 * A step of Adam without the correction of its moments: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − η · m / (√v + ε).
 *
 * @returns the new weights, first and second moments, each [P]
 */
export function adamUpdate(
  given: AdamUpdate,
  { beta1, beta2 }: { readonly beta1: number; readonly beta2: number },
): [weights: tf.Tensor, first: tf.Tensor, second: tf.Tensor] {
  if (hasFused('HeedAdam')) {
    const { weights, first, second, gradient, learningRate, epsilon } = given;
    const inputs = [weights, first, second, gradient, learningRate, epsilon];
    return fused('HeedAdam', inputs, { beta1, beta2 }) as ReturnType<typeof adamUpdate>;
  }
  return tf.tidy(() => {
    const { weights, gradient, learningRate, epsilon } = given;
    const first = tf.add(tf.mul(given.first, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(given.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const change = tf.mul(tf.div(first, tf.add(tf.sqrt(second), epsilon)), learningRate);
    return [tf.sub(weights, change), first, second];
  });
}
