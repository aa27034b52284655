import * as tf from '@tensorflow/tfjs';
import type { Normaliser } from './normaliser.ts';

export interface SigmoidOptions {
  /**
   * b, added to the scores. `length` is −ln S, which keeps the sum of the weights near 1 at the start (Ramapuram et al. 2024).
   * Default 0.
   */
  readonly bias?: number | 'length';
}

/**
 * σ(s + b) for each key by itself: weights do not compete and need not add up to 1.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { sigmoid } from '@heed/attention-core';
 * sigmoid().weights(tf.tensor2d([[0, Math.log(3)]])).print(); // [[0.5, 0.75]]
 * ```
 */
export function sigmoid({ bias = 0 }: SigmoidOptions = {}): Normaliser {
  return {
    name: 'sigmoid',
    weights: (scores, visibility) =>
      tf.tidy(() => {
        const shift = bias === 'length' ? -Math.log(scores.shape.at(-1)!) : bias;
        const weights = tf.sigmoid(shift === 0 ? scores : tf.add(scores, shift));
        return visibility === undefined ? weights : tf.mul(weights, tf.cast(visibility.allowed, 'float32'));
      }),
  };
}

/** The scores themselves as weights, hidden ones 0: DIN's activation unit (Zhou et al. 2018), which keeps the strength of interest. */
export function unnormalised(): Normaliser {
  return {
    name: 'unnormalised',
    weights: (scores, visibility) =>
      visibility === undefined
        ? tf.clone(scores)
        : tf.tidy(() => tf.mul(scores, tf.cast(visibility.allowed, 'float32'))),
  };
}
