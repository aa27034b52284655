import * as tf from '@tensorflow/tfjs';
import type { Score } from './score.ts';

export interface CosineOptions {
  /** The least length that a vector is divided by. Default 1e-8, as in torch. */
  readonly epsilon?: number;
}

/**
 * q·k / (‖q‖·‖k‖), in [−1, 1] (Graves et al. 2014). Softmax over it alone is nearly flat: divide it by a `temperature`.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { cosine } from '@heed/attention-core';
 * cosine().scores(tf.tensor2d([[3, 4]]), tf.tensor2d([[6, 8], [-4, 3]])).print(); // [[1, 0]]
 * ```
 */
export function cosine({ epsilon = 1e-8 }: CosineOptions = {}): Score {
  const unit = (x: tf.Tensor) => unitVectors(x, epsilon);
  return {
    name: 'cosine',
    scores: (query, key) => tf.tidy(() => tf.matMul(unit(query), unit(key), false, true)),
    asProducts: (query, key) => ({ query: unit(query), key: unit(key), scale: 1 }),
    prepareKeys: unit,
    prepared: () => ({
      name: 'cosine',
      scores: (query, key) => tf.tidy(() => tf.matMul(unit(query), key, false, true)),
    }),
  };
}

/** x / max(‖x‖, ε) over the last dimension; a zero vector stays zero, and so does its gradient. */
function unitVectors(x: tf.Tensor, epsilon = 1e-8): tf.Tensor {
  return tf.tidy(() => tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), -1, true), epsilon ** 2))));
}
