import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { stopGradient } from '../autodiff/stop-gradient.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Normaliser, Visibility } from './normaliser.ts';
import type { ReinforceTrace } from './reinforce.ts';
import { maskedSoftmax } from './softmax.ts';
import { hideScores, zeroWhereHidden } from './visible.ts';

export interface StraightThroughOptions {
  /** Passing one is training mode: keys are sampled. Without one the best key is taken. */
  readonly random: RandomStream | undefined;
  /** τ: the softmax whose gradient is used is softmax((s + noise)/τ). Default 1. */
  readonly temperature?: number;
}

/**
 * Hard attention that trains by its soft twin (straight-through Gumbel softmax, Jang et al. 2017): forwards exactly one key,
 * drawn with the softmax's probabilities; backwards the gradient of the softmax. Goes with the combiner `gather()`.
 *
 * @throws if the temperature is not positive
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, gather, hardStraightThrough, RandomStream } from '@heed/attention-core';
 * const x = tf.ones([1, 5, 4]);
 * const random = RandomStream.of(7, 0);
 * attention({ query: x, key: x, value: x, normaliser: hardStraightThrough({ random }), combiner: gather() });
 * ```
 */
export function hardStraightThrough({ random, temperature = 1 }: StraightThroughOptions): Normaliser {
  if (!(temperature > 0)) throw new Error(`hardStraightThrough: temperature must be positive, got ${temperature}`);
  return {
    name: 'hard-straight-through',
    weights: (scores, visibility) =>
      tf.tidy(() => {
        const noisy = random === undefined ? scores : tf.add(scores, gumbelNoise(random, scores.shape));
        const hidden = hideScores(tf.div(noisy, temperature), visibility);
        const soft = maskedSoftmax(hidden, visibility);
        return replaceValue(soft, (soft) => zeroWhereHidden(oneHotOfGreatest(soft), hidden));
      }),
  };
}

export interface HardSampleOptions {
  /** Passing one is training mode. Without one the weights are those of the best key. */
  readonly random: RandomStream | undefined;
  /** Keeps what the REINFORCE loss needs; needed in training. */
  readonly trace?: ReinforceTrace;
  /**
   * Probability with which the keys are sampled; otherwise the softmax itself is used, which lessens the variance. One coin is
   * tossed for all. Xu et al. 2015 train with 0.5. Default 1. Below 1 the weights are not always one-hot, so combine them
   * with `weightedSum()`.
   */
  readonly sampleProbability?: number;
}

/**
 * Hard attention that trains by REINFORCE (Xu et al. 2015): one key is drawn with the softmax's probabilities and no gradient
 * flows through the choice; `ReinforceTrace.loss` makes up for it.
 *
 * @throws if the probability is outside [0, 1]
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, gather, hardSample, RandomStream, ReinforceTrace } from '@heed/attention-core';
 * const x = tf.ones([2, 5, 4]);
 * const trace = new ReinforceTrace();
 * const normaliser = hardSample({ random: RandomStream.of(7, 0), trace });
 * const output = attention({ query: x, key: x, value: x, normaliser, combiner: gather() });
 * const costs = tf.mean(tf.square(output), [1, 2]) as tf.Tensor1D; // what the choices cost, [B]
 * const loss = tf.add(tf.mean(costs), trace.loss({ costs, baseline: tf.scalar(1) }));
 * ```
 */
export function hardSample({ random, trace, sampleProbability = 1 }: HardSampleOptions): Normaliser {
  if (!(sampleProbability >= 0 && sampleProbability <= 1)) {
    throw new Error(`hardSample: sampleProbability must be in [0, 1], got ${sampleProbability}`);
  }
  return {
    name: 'hard-sample',
    weights: (scores, visibility) =>
      tf.tidy(() => {
        if (random === undefined) return bestKey(scores, visibility);
        const soft = maskedSoftmax(scores, visibility);
        const sample = bestKey(tf.add(scores, gumbelNoise(random, scores.shape)), visibility);
        if (sampleProbability === 1) {
          trace?.record(soft, sample);
          return sample;
        }
        const coin = tf.cast(tf.less(random.uniform([]), sampleProbability), 'float32');
        const chosen = tf.add(tf.mul(sample, coin), tf.mul(soft, tf.sub(1, coin)));
        trace?.record(soft, stopGradient(chosen));
        return chosen;
      }),
  };
}

/** One-hot weights of each query's greatest visible score, without a gradient. */
function bestKey(scores: tf.Tensor, visibility: Visibility | undefined): tf.Tensor {
  return withGradient(
    [scores],
    (scores) => {
      const hidden = hideScores(scores, visibility);
      return { value: zeroWhereHidden(oneHotOfGreatest(hidden), hidden), saved: [] };
    },
    (dy) => [tf.zerosLike(dy)],
    { again: 'backward' },
  );
}

/** `value(x)` forwards, the gradient of `x` backwards. */
function replaceValue(x: tf.Tensor, value: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    (x) => ({ value: value(x), saved: [] }),
    (dy) => [tf.clone(dy)],
    { again: 'backward' },
  );
}

function oneHotOfGreatest(scores: tf.Tensor): tf.Tensor {
  if (scores.shape.at(-1) === 1) return tf.onesLike(scores); // tf.oneHot takes two or more
  return tf.cast(tf.oneHot(tf.argMax(scores, -1), scores.shape.at(-1)!), 'float32');
}

/** −ln(−ln u): argmax(s + noise) is a draw from softmax(s). */
function gumbelNoise(random: RandomStream, shape: readonly number[]): tf.Tensor {
  return tf.neg(tf.log(tf.neg(tf.log(tf.maximum(random.uniform(shape), 1e-7)))));
}
