import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { sumRows } from '../kernels/native-ops.ts';
import { Module } from '../module/module.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from './linear.ts';

export interface GroupNormConfig {
  /** C. */
  readonly channels: number;
  /** Groups of neighbouring channels, each normalised together; a divisor of `channels`. */
  readonly groups: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

/**
 * y = (x − mean) / √(variance + ε) · weight + bias, mean and (biased) variance being those of each example's group of channels over all its
 * places (Wu & He 2018). With as many groups as channels it is instance norm.
 *
 * @throws if the groups do not divide the channels
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { GroupNorm } from '@heed/attention-core';
 * new GroupNorm({ channels: 32, groups: 8 }).forward(tf.ones([2, 16, 16, 32])).shape; // [2, 16, 16, 32]
 * ```
 */
export class GroupNorm extends Module {
  readonly weight: tf.Variable<tf.Rank.R1>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  private readonly groups: number;
  private readonly epsilon: number;

  constructor({ channels, groups, epsilon = 1e-5 }: GroupNormConfig) {
    super();
    requireIntegers('GroupNorm', { channels, groups });
    if (channels % groups !== 0) {
      throw new Error(`GroupNorm: groups must divide channels, got groups=${groups}, channels=${channels}`);
    }
    this.weight = weight(new Float32Array(channels).fill(1), [channels]);
    this.bias = weight(new Float32Array(channels), [channels]);
    this.groups = groups;
    this.epsilon = epsilon;
  }

  /** @param x [B, ..., C]: images [B, height, width, C], sequences [B, T, C] or rows [B, C] @returns the same shape */
  forward(x: tf.Tensor): tf.Tensor {
    const { weight, bias, groups, epsilon } = this;
    const channels = weight.shape[0];
    if (x.rank < 2 || x.shape.at(-1) !== channels) {
      throw new Error(`GroupNorm: x must be [B, ..., ${channels}], got [${x.shape}]`);
    }
    const grouped = [x.shape[0], -1, groups, channels / groups];
    const mean = (x: tf.Tensor) => tf.mean(x, [1, 3], true); // [B, places, groups, C / groups] → [B, 1, groups, 1]
    return withGradient(
      [x, weight, bias],
      (x, gain, bias) => {
        const byGroup = tf.reshape(x, grouped);
        const centred = tf.sub(byGroup, mean(byGroup));
        const inverse = tf.rsqrt(tf.add(mean(tf.square(centred)), epsilon));
        const normalised = tf.mul(centred, inverse);
        const value = tf.add(tf.mul(tf.reshape(normalised, x.shape), gain), bias);
        return { value, saved: [normalised, inverse, gain] };
      },
      (dy, [normalised, inverse, gain]) => {
        const scaled = tf.reshape(tf.mul(dy, gain), grouped);
        const projection = mean(tf.mul(scaled, normalised));
        const dx = tf.mul(tf.sub(tf.sub(scaled, mean(scaled)), tf.mul(normalised, projection)), inverse);
        return [tf.reshape(dx, dy.shape), sumRows(tf.mul(dy, tf.reshape(normalised, dy.shape))), sumRows(dy)];
      },
    );
  }
}
