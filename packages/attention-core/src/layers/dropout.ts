import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/random-stream.ts';

/**
 * Sets each value to zero with probability `rate` and divides the others by 1 − rate (Srivastava et al. 2014). Without a
 * stream, which is evaluation, or with rate 0 it returns `x` itself.
 *
 * @param x any shape
 * @throws if rate is outside [0, 1)
 */
export function dropout(x: tf.Tensor, rate: number, random: RandomStream | undefined): tf.Tensor {
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate must be in [0, 1), got ${rate}`);
  if (random === undefined || rate === 0) return x;
  return tf.tidy(() => {
    const kept = tf.cast(tf.greaterEqual(random.uniform(x.shape), rate), 'float32');
    return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
  });
}
