import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { Normaliser } from './normaliser.ts';
import { hideScores, zeroWhereHidden } from './visible.ts';

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
        const hidden = hideScores(scores, visibility);
        return tf.sigmoid(shift === 0 ? hidden : tf.add(hidden, shift)); // of −∞ it is 0
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
        : withGradient(
            [scores],
            (scores) => {
              const hidden = hideScores(scores, visibility);
              return { value: zeroWhereHidden(scores, hidden), saved: [hidden] };
            },
            (dy, [hidden]) => [zeroWhereHidden(dy, hidden)],
            { again: 'backward' },
          ),
  };
}
