import * as tf from '@tensorflow/tfjs';

/** Dropout whose masks can be drawn again. */
export interface Dropping {
  readonly rate: number;
  /** One for each strip of each block, in order. */
  readonly draws: readonly ((shape: readonly number[]) => tf.Tensor)[];
}

/** What of `x`, in the strip called `number`, dropout leaves: the same at every call. */
export function dropped(x: tf.Tensor, dropping: Dropping | undefined, number: number): tf.Tensor {
  if (dropping === undefined) return x;
  const { rate, draws } = dropping;
  const kept = tf.cast(tf.greaterEqual(draws[number](x.shape), rate), 'float32');
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
}
