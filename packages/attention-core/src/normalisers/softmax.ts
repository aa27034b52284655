import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused } from '../kernels/fused-ops.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Normaliser, Visibility } from './normaliser.ts';
import { greatestOf, hideScores } from './visible.ts';

/**
 * exp(s) / Σ exp(s) over the visible keys.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { softmax } from '@heed/attention-core';
 * softmax().weights(tf.tensor2d([[0, Math.log(3)]])).print(); // [[0.25, 0.75]]
 * ```
 */
export function softmax(): Normaliser {
  return { name: 'softmax', exponential: true, weights: maskedSoftmax };
}

/** Softmax over the last dimension with hidden entries exactly 0; rows that are hidden throughout are 0, and so is their gradient. */
export function maskedSoftmax(scores: tf.Tensor, visibility?: Visibility): tf.Tensor {
  return withGradient(
    [scores],
    (scores) => {
      const weights = softmaxOfVisible(scores, visibility);
      return { value: weights, saved: [weights] };
    },
    (dy, [weights]) => {
      if (hasFused('HeedSoftmaxGradient')) return fused('HeedSoftmaxGradient', [dy, weights]);
      const weighted = tf.mul(dy, weights);
      return [tf.sub(weighted, tf.mul(weights, tf.sum(weighted, -1, true)))];
    },
  );
}

/** `maskedSoftmax` for callers that have a gradient of their own. */
export function softmaxOfVisible(scores: tf.Tensor, visibility: Visibility | undefined): tf.Tensor {
  if (visibility === undefined) return tf.softmax(scores);
  const wide = visibility.allowed.shape.at(-1) === scores.shape.at(-1);
  if (wide && hasFused('HeedMaskedSoftmax')) return fused('HeedMaskedSoftmax', [scores, visibility.allowed])[0];
  const hidden = hideScores(scores, visibility);
  const exponentials = tf.exp(tf.sub(hidden, greatestOf(hidden)));
  return tf.mul(exponentials, tf.divNoNan(1, tf.sum(exponentials, -1, true)));
}

/**
 * Softmax with a learned sink for each head: a score to which no key belongs, so that a head can attend to nothing
 * (StreamingLLM, Xiao et al. 2024; gpt-oss 2025):
 *
 *     w_i = exp(s_i) / (exp(sink_h) + Σ exp(s_j))
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { SinkSoftmax } from '@heed/attention-core';
 * new SinkSoftmax({ heads: 1 }).weights(tf.zeros([1, 1, 1, 3])).print(); // all 0.25: the sink takes as much as a key
 * ```
 */
export class SinkSoftmax extends Module implements Normaliser {
  readonly name = 'sink-softmax';
  readonly sink: tf.Variable<tf.Rank.R1>;

  /** @param config.heads H. The sinks begin at 0 */
  constructor({ heads }: { readonly heads: number }) {
    super();
    requireIntegers('SinkSoftmax', { heads });
    this.sink = weight(new Float32Array(heads), [heads]);
  }

  /** @param scores [B, H, L, S] @returns weights [B, H, L, S] */
  weights(scores: tf.Tensor, visibility?: Visibility): tf.Tensor {
    return tf.tidy(() => {
      // softmax over keys and sink = softmax over the keys × the keys' share, and the share is a sigmoid
      const weights = maskedSoftmax(scores, visibility);
      const hidden = hideScores(scores, visibility);
      const greatest = greatestOf(hidden); // [B, H, L, 1]
      const sum = tf.maximum(tf.sum(tf.exp(tf.sub(hidden, greatest)), -1, true), 1e-37);
      const total = tf.add(greatest, tf.log(sum));
      return tf.mul(weights, tf.sigmoid(tf.sub(total, tf.reshape(this.sink, [-1, 1, 1]))));
    });
  }
}
