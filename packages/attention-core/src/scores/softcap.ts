import * as tf from '@tensorflow/tfjs';
import { changeScores, type Score } from './score.ts';

/**
 * cap · tanh(score / cap): scores kept within ±cap (Gemma 2, 2024). Masks and biases come after it, so that hidden keys stay
 * hidden.
 *
 * @throws if the cap is not positive
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, scaledDot, softcap } from '@heed/attention-core';
 * const x = tf.ones([1, 5, 4]);
 * attention({ query: x, key: x, value: x, score: softcap(scaledDot(), 50) }).shape; // [1, 5, 4]
 * ```
 */
export function softcap(score: Score, cap: number): Score {
  if (!(cap > 0)) throw new Error(`softcap: cap must be positive, got ${cap}`);
  return changeScores(score, 'softcap', (scores) => tf.mul(tf.tanh(tf.div(scores, cap)), cap));
}
