import type { RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describeSpace, type Space } from '../spaces/space.ts';

/** What a policy's actions are: one of `size` choices, or `size` numbers. */
export interface ActionKind {
  readonly kind: 'categorical' | 'gaussian';
  readonly size: number;
}

/** A distribution over actions, in tensors: N of them at once, each with P parameters, each action W numbers. */
export interface ActionDistribution {
  /** P. */
  readonly parameters: number;
  /** W. */
  readonly width: number;
  /** @param parameters [N, P] @returns [N, W] */
  draw(parameters: tf.Tensor2D, random: RandomStream): tf.Tensor2D;
  /** The likeliest action: [N, W]. */
  mode(parameters: tf.Tensor2D): tf.Tensor2D;
  /** @param actions [N, W] @returns [N] */
  logProbability(parameters: tf.Tensor2D, actions: tf.Tensor2D): tf.Tensor1D;
  /** [N] */
  entropy(parameters: tf.Tensor2D): tf.Tensor1D;
}

/** How actions of a space are drawn. @throws unless it is discrete or a box, naming it */
export function actionKindOf(owner: string, space: Space): ActionKind {
  if (space.kind === 'discrete') return { kind: 'categorical', size: space.count };
  if (space.kind === 'box') return { kind: 'gaussian', size: space.low.length };
  throw new Error(`${owner}: actions must be discrete or a box, got ${describeSpace(space)}`);
}

export function actionDistribution({ kind, size }: ActionKind): ActionDistribution {
  return kind === 'categorical' ? categorical(size) : gaussian(size);
}

/** A mask's logit. Finite, for the entropy multiplies with it; e to its power is exactly 0. */
const HIDDEN = -1e9;

/** Logits with those of masked actions put where nothing chooses them. @param mask [N, size], 1 for what may be chosen */
export function maskLogits(logits: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor2D {
  return tf.where(tf.greater(mask, 0), logits, tf.fill(logits.shape, HIDDEN));
}

/** One of `size` choices; parameters are logits. Draws add Gumbel noise and take the largest. */
function categorical(size: number): ActionDistribution {
  const asActions = (choices: tf.Tensor) => tf.cast(tf.expandDims(choices, 1), 'float32') as tf.Tensor2D; // [N, 1]
  return {
    parameters: size,
    width: 1,
    draw: (logits, random) =>
      tf.tidy(() => {
        const uniform = tf.clipByValue(random.uniform(logits.shape), 1e-7, 1 - 1e-7);
        const gumbel = tf.neg(tf.log(tf.neg(tf.log(uniform))));
        return asActions(tf.argMax(tf.add(logits, gumbel), 1));
      }),
    mode: (logits) => tf.tidy(() => asActions(tf.argMax(logits, 1))),
    logProbability: (logits, actions) =>
      tf.tidy(() => {
        const chosen = tf.oneHot(tf.cast(tf.squeeze(actions, [1]), 'int32'), size); // [N, size]
        return tf.sum(tf.mul(tf.logSoftmax(logits), chosen), 1);
      }),
    entropy: (logits) =>
      tf.tidy(() => {
        const logProbabilities = tf.logSoftmax(logits);
        return tf.neg(tf.sum(tf.mul(tf.exp(logProbabilities), logProbabilities), 1));
      }),
  };
}

const LOG_TWO_PI = Math.log(2 * Math.PI);

/** `size` independent normal numbers; parameters are means, then log-deviations. */
function gaussian(size: number): ActionDistribution {
  const split = (parameters: tf.Tensor2D) => tf.split(parameters, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  return {
    parameters: 2 * size,
    width: size,
    draw: (parameters, random) =>
      tf.tidy(() => {
        const [mean, logDeviation] = split(parameters);
        return tf.add(mean, tf.mul(tf.exp(logDeviation), random.normal(mean.shape)));
      }),
    mode: (parameters) => tf.tidy(() => tf.clone(split(parameters)[0])),
    logProbability: (parameters, actions) =>
      tf.tidy(() => {
        const [mean, logDeviation] = split(parameters);
        const scaled = tf.div(tf.sub(actions, mean), tf.exp(logDeviation));
        const each = tf.add(tf.add(tf.mul(tf.square(scaled), -0.5), tf.neg(logDeviation)), -LOG_TWO_PI / 2);
        return tf.sum(each, 1);
      }),
    entropy: (parameters) => tf.tidy(() => tf.sum(tf.add(split(parameters)[1], 0.5 + LOG_TWO_PI / 2), 1)),
  };
}
