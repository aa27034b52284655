import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../autodiff/stop-gradient.ts';
import { buffer } from '../module/buffer.ts';
import { Module } from '../module/module.ts';

export interface ReinforceLossOptions {
  /** [B]: what each sequence's choices led to; less is better. No gradient flows into it from this loss. */
  readonly costs: tf.Tensor1D;
  /** What a cost is compared with, usually its running mean (`RunningBaseline`). */
  readonly baseline: tf.Tensor;
  /** What the advantage is multiplied by. Default 0.1, as in Xu et al. 2015's program. */
  readonly scale?: number;
  /** Of the entropy term, which keeps the probabilities from collapsing. Default 0.002. */
  readonly entropyWeight?: number;
}

/**
 * What `hardSample` chose while a model ran, and the loss that teaches it to choose better.
 *
 * The trace holds tensors from the forward pass to `loss`, which frees them; a trace whose loss is not asked for must be disposed.
 */
export class ReinforceTrace {
  private choices: { probabilities: tf.Tensor; sample: tf.Tensor }[] = [];

  /** Called by `hardSample`. @param probabilities [B, ..., S] @param sample of the same shape, without a gradient */
  record(probabilities: tf.Tensor, sample: tf.Tensor): void {
    this.choices.push({ probabilities: tf.keep(tf.clone(probabilities)), sample: tf.keep(tf.clone(sample)) });
  }

  /**
   * A scalar whose gradient is that of REINFORCE (Williams 1992) with baseline b and entropy weight λ, the mean over the batch of
   *
   *     Σ scale·(cost − b)·ln p(choice) + λ·Σ p·ln p
   *
   * over all choices recorded since the last call. Add it to the loss that differentiates through everything else.
   *
   * @throws if nothing was recorded
   */
  loss({ costs, baseline, scale = 0.1, entropyWeight = 0.002 }: ReinforceLossOptions): tf.Scalar {
    if (this.choices.length === 0) {
      throw new Error(
        'ReinforceTrace.loss: nothing was sampled: pass `random` and this trace to hardSample, got 0 choices',
      );
    }
    const { choices } = this;
    const total = tf.tidy(() => {
      const advantage = tf.mul(tf.sub(stopGradient(costs), stopGradient(baseline)), scale); // [B]
      const terms = choices.map(({ probabilities, sample }) => {
        const logs = tf.log(tf.maximum(probabilities, 1e-30));
        const perSequence = (x: tf.Tensor) => tf.sum(tf.reshape(x, [x.shape[0], -1]), 1); // [B]
        const reward = tf.mul(advantage, perSequence(tf.mul(sample, logs)));
        return tf.mean(tf.add(reward, tf.mul(perSequence(tf.mul(probabilities, logs)), entropyWeight)));
      });
      return tf.addN(terms) as tf.Scalar;
    });
    this.dispose();
    return total;
  }

  /** Frees what was recorded. */
  dispose(): void {
    for (const choice of this.choices) tf.dispose([choice.probabilities, choice.sample]);
    this.choices = [];
  }
}

/** A running mean of costs, b ← decay·b + (1 − decay)·cost: a buffer that checkpoints keep and optimizers leave alone. */
export class RunningBaseline extends Module {
  readonly value: tf.Variable<tf.Rank.R1>;
  private readonly decay: number;

  constructor({ decay = 0.9 }: { readonly decay?: number } = {}) {
    super();
    if (!(decay >= 0 && decay < 1)) throw new Error(`RunningBaseline: decay must be in [0, 1), got ${decay}`);
    this.value = buffer(new Float32Array(1), [1]);
    this.decay = decay;
  }

  /** Takes in the mean of some costs. */
  update(costs: tf.Tensor): void {
    tf.tidy(() => {
      const moved = tf.add(tf.mul(this.value, this.decay), tf.mul(tf.mean(costs), 1 - this.decay));
      this.value.assign(tf.reshape(moved, [1]) as tf.Tensor1D);
    });
  }
}
