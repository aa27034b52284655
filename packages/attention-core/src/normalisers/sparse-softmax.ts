import { requireIntegers } from '../arguments/require-integers.ts';
import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { Normaliser, Visibility } from './normaliser.ts';
import { maskedSoftmax } from './softmax.ts';
import { everyKey, hideScores } from './visible.ts';

/**
 * Softmax over the k greatest visible scores of each query; all others get 0 (Zhao et al. 2019). Scores equal to the k-th are all
 * kept.
 *
 * @throws if k is no positive integer
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { topK } from '@heed/attention-core';
 * topK(2).weights(tf.tensor2d([[1, 0, 1]])).print(); // [[0.5, 0, 0.5]]
 * ```
 */
export function topK(k: number): Normaliser {
  requireIntegers('topK', { k });
  return {
    name: 'top-k',
    weights: (scores, visibility) =>
      softmaxOfKept(scores, visibility, (scores) => {
        const { values } = tf.topk(scores, Math.min(k, scores.shape.at(-1)!));
        return tf.greaterEqual(scores, tf.min(values, -1, true));
      }),
  };
}

/**
 * Softmax whose weights below `bound` are set to zero and the rest renormalised. The greatest weight always stays.
 *
 * @param bound in [0, 1]
 * @throws if the bound is outside [0, 1]
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { threshold } from '@heed/attention-core';
 * threshold(0.1).weights(tf.tensor2d([[1, 1, -5]])).print(); // [[0.5, 0.5, 0]]
 * ```
 */
export function threshold(bound: number): Normaliser {
  if (!(bound >= 0 && bound <= 1)) throw new Error(`threshold: bound must be in [0, 1], got ${bound}`);
  return {
    name: 'threshold',
    weights: (scores, visibility) =>
      softmaxOfKept(scores, visibility, (scores) => {
        const weights = maskedSoftmax(scores, everyKey(scores)); // some of them −∞
        return tf.greaterEqual(weights, tf.minimum(tf.max(weights, -1, true), bound));
      }),
  };
}

/** Softmax over what is visible and kept. Which scores are kept is a choice, and has no gradient. */
function softmaxOfKept(
  scores: tf.Tensor,
  visibility: Visibility | undefined,
  kept: (scores: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  return tf.tidy(() => {
    const choice = withGradient(
      [scores],
      (scores) => ({ value: tf.cast(kept(hideScores(scores, visibility)), 'float32'), saved: [] }),
      (dy) => [tf.zerosLike(dy)],
      { again: 'backward' },
    );
    const allowed = tf.cast(choice, 'bool');
    return visibility === undefined
      ? maskedSoftmax(scores, { allowed, mayHideAll: false })
      : maskedSoftmax(scores, {
          allowed: tf.logicalAnd(allowed, visibility.allowed),
          mayHideAll: visibility.mayHideAll,
        });
  });
}
