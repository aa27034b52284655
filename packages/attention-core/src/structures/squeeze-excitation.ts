import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { Linear } from '../layers/linear.ts';
import { observeWeights } from '../maps/observe-weights.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';

export interface SqueezeExcitationConfig {
  /** C. */
  readonly channels: number;
  /** The hidden layer has C / reduction units, at least 1. Default 16. */
  readonly reduction?: number;
  readonly random: Random;
}

/**
 * Squeeze-and-excitation (Hu et al. 2018): each channel times a gate made from all channels' means.
 *
 *     y = x · σ(W₂·relu(W₁·mean(x) + b₁) + b₂)
 *
 * The gates are captured as map `channels` [B, 1, 1, C].
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random, SqueezeExcitation } from '@heed/attention-core';
 * const layer = new SqueezeExcitation({ channels: 32, random: new Random(7) });
 * layer.forward(tf.ones([2, 8, 8, 32])).shape; // [2, 8, 8, 32]
 * ```
 */
export class SqueezeExcitation extends Module {
  readonly squeeze: Linear;
  readonly excite: Linear;

  constructor({ channels, reduction = 16, random }: SqueezeExcitationConfig) {
    super();
    requireIntegers('SqueezeExcitation', { channels });
    const hidden = Math.max(1, Math.floor(channels / reduction));
    this.squeeze = new Linear({ inputs: channels, outputs: hidden, random });
    this.excite = new Linear({ inputs: hidden, outputs: channels, random });
  }

  /** @param x [B, height, width, C] @returns the same shape */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const means = tf.mean(x, [1, 2]); // [B, C]
      const gates = tf.sigmoid(this.excite.forward(tf.relu(this.squeeze.forward(means))));
      return tf.mul(x, observeWeights('channels', tf.reshape(gates, [-1, 1, 1, x.shape[3]])));
    });
  }
}
