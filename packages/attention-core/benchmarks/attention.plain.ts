/** Attention as it is written in plain tfjs ops. */
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly heads: number;
  readonly length: number;
  readonly width: number;
}

export function prepare({ heads, length, width }: Case): () => tf.Tensor {
  const shape = [1, heads, length, width];
  const [query, key, value] = [1, 2, 3].map((seed) => tf.randomNormal(shape, 0, 1, 'float32', seed));
  return () =>
    tf.tidy(() => tf.matMul(tf.softmax(tf.div(tf.matMul(query, key, false, true), Math.sqrt(width))), value));
}
