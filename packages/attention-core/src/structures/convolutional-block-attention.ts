import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { Linear, weight } from '../layers/linear.ts';
import { observeWeights } from '../maps/observe-weights.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';

export interface ConvolutionalBlockAttentionConfig {
  /** C. */
  readonly channels: number;
  /** The hidden layer of the channel gates has C / reduction units, at least 1. Default 16. */
  readonly reduction?: number;
  /** Side of the spatial convolution's kernel, odd. Default 7. */
  readonly kernelSize?: number;
  readonly random: Random;
}

/**
 * Convolutional block attention (Woo et al. 2018, CBAM): gates for channels, then gates for places.
 *
 *     x ← x · σ(MLP(mean_places(x)) + MLP(max_places(x)))
 *     x ← x · σ(conv([mean_channels(x); max_channels(x)]))
 *
 * The convolution has no bias and, unlike the authors' code, no batch normalisation after it. Captured maps: `channels` [B, 1, 1, C] and
 * `places` [B, 1, height, width].
 *
 * @throws if kernelSize is even
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { ConvolutionalBlockAttention, Random } from '@heed/attention-core';
 * const layer = new ConvolutionalBlockAttention({ channels: 32, random: new Random(7) });
 * layer.forward(tf.ones([2, 8, 8, 32])).shape; // [2, 8, 8, 32]
 * ```
 */
export class ConvolutionalBlockAttention extends Module {
  readonly squeeze: Linear;
  readonly excite: Linear;
  /** [kernelSize, kernelSize, 2, 1] */
  readonly places: tf.Variable<tf.Rank.R4>;

  constructor({ channels, reduction = 16, kernelSize = 7, random }: ConvolutionalBlockAttentionConfig) {
    super();
    requireIntegers('ConvolutionalBlockAttention', { channels, kernelSize });
    if (kernelSize % 2 === 0) {
      throw new Error(`ConvolutionalBlockAttention: kernelSize must be odd, got ${kernelSize}`);
    }
    const hidden = Math.max(1, Math.floor(channels / reduction));
    this.squeeze = new Linear({ inputs: channels, outputs: hidden, random });
    this.excite = new Linear({ inputs: hidden, outputs: channels, random });
    const inputs = 2 * kernelSize ** 2;
    const bound = 1 / Math.sqrt(inputs);
    this.places = weight(random.uniforms(inputs, -bound, bound), [kernelSize, kernelSize, 2, 1]);
  }

  /** @param x [B, height, width, C] @returns the same shape */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => this.gatePlaces(this.gateChannels(x)));
  }

  private gateChannels(x: tf.Tensor4D): tf.Tensor4D {
    const judge = (summary: tf.Tensor) => this.excite.forward(tf.relu(this.squeeze.forward(summary))); // [B, C]
    const gates = tf.sigmoid(tf.add(judge(tf.mean(x, [1, 2])), judge(tf.max(x, [1, 2]))));
    return tf.mul(x, observeWeights('channels', tf.reshape(gates, [-1, 1, 1, x.shape[3]])));
  }

  private gatePlaces(x: tf.Tensor4D): tf.Tensor4D {
    const [, height, width] = x.shape;
    const summary = tf.concat([tf.mean(x, 3, true), tf.max(x, 3, true)], 3) as tf.Tensor4D; // [B, height, width, 2]
    const gates = tf.sigmoid(tf.conv2d(summary, this.places, 1, 'same')); // [B, height, width, 1]
    const observed = observeWeights('places', tf.reshape(gates, [-1, 1, height, width]));
    return tf.mul(x, tf.reshape(observed, [-1, height, width, 1]));
  }
}
