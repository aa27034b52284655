import { adamUpdate, Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { checkRange, zeroSlot, type FlatGroup } from './optimizer.ts';

/** What Adam and AdamW have in common. */
export interface AdamMomentOptions {
  /** Decay of the mean of gradients, in [0, 1); 0 takes the last one alone. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** Added to the denominator. Default 1e-8. */
  readonly epsilon?: number;
}

/** The running moments of gradients, and the weights that they give (Kingma & Ba 2015, algorithm 1). */
export class AdamMoments extends Module {
  /** int32 scalar: updates done. */
  readonly steps: tf.Variable<tf.Rank.R0>;
  readonly first: readonly tf.Variable<tf.Rank.R1>[];
  readonly second: readonly tf.Variable<tf.Rank.R1>[];
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;

  constructor(groups: readonly FlatGroup[], options: Required<AdamMomentOptions>) {
    super();
    this.beta1 = options.beta1;
    this.beta2 = options.beta2;
    this.epsilon = options.epsilon;
    this.steps = tf.tidy(() => tf.variable(tf.scalar(0, 'int32'), false));
    this.first = groups.map(zeroSlot);
    this.second = groups.map(zeroSlot);
  }

  beginUpdate(): void {
    this.steps.assign(tf.add(this.steps, tf.scalar(1, 'int32')) as tf.Scalar);
  }

  /**
   * The group's new weights [P], after taking the gradient [P] into the moments: θ − η · m̂ / (√v̂ + ε). With c₁ = 1 − β₁ᵗ and
   * c₂ = 1 − β₂ᵗ the change is (η√c₂ / c₁) · m / (√v + ε√c₂): the corrections meet scalars, not vectors.
   */
  update(group: FlatGroup, weights: tf.Tensor, gradient: tf.Tensor, learningRate: tf.Tensor): tf.Tensor {
    const [first, second] = [this.first[group.index], this.second[group.index]];
    const root = tf.sqrt(this.correction(this.beta2));
    const rate = tf.div(tf.mul(learningRate, root), this.correction(this.beta1));
    const epsilon = tf.mul(root, this.epsilon);
    const state = { weights, first, second, gradient, learningRate: rate, epsilon };
    const [updated, newFirst, newSecond] = adamUpdate(state, { beta1: this.beta1, beta2: this.beta2 });
    first.assign(newFirst as tf.Tensor1D);
    second.assign(newSecond as tf.Tensor1D);
    return updated;
  }

  /**
   * 1 − βᵗ. With u = tanh(−t·ln β / 2) it is 2u / (1 + u), which does not cancel: written as it stands, 1 − βᵗ in float32 is wrong in
   * the fifth digit for β = 0.999 and small t.
   */
  private correction(beta: number): tf.Tensor | number {
    if (beta === 0) return 1;
    const u = tf.tanh(tf.mul(tf.cast(this.steps, 'float32'), -Math.log(beta) / 2));
    return tf.div(tf.mul(u, 2), tf.add(u, 1));
  }
}

/** The options with their defaults. @throws if one is out of range. */
export function adamMomentOptions(optimizer: string, options: AdamMomentOptions): Required<AdamMomentOptions> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  for (const [name, beta] of [
    ['beta1', beta1],
    ['beta2', beta2],
  ] as const) {
    checkRange(optimizer, name, beta, 0, 1);
  }
  checkRange(optimizer, 'epsilon', epsilon, 0);
  return { beta1, beta2, epsilon };
}
