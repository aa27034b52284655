import type { RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/**
 * Stochastic depth (Huang et al. 2016): a part's whole result is left out for some examples of a batch, and the others' divided by 1 − rate. Without
 * a stream, which is evaluation, or with rate 0 it returns `x` itself.
 *
 * @param x [B, …] @throws if rate is outside [0, 1)
 */
export function dropPath(x: tf.Tensor, rate: number, random: RandomStream | undefined): tf.Tensor {
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropPath: rate must be in [0, 1), got ${rate}`);
  if (random === undefined || rate === 0) return x;
  return tf.tidy(() => {
    const ofExamples = [x.shape[0], ...x.shape.slice(1).map(() => 1)];
    const kept = tf.cast(tf.greaterEqual(random.uniform(ofExamples), rate), 'float32'); // [B, 1, …]
    return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
  });
}
