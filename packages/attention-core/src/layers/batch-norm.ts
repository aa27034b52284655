import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { sumRows } from '../kernels/native-ops.ts';
import { buffer } from '../module/buffer.ts';
import { Module } from '../module/module.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from './linear.ts';

export interface BatchNormConfig {
  /** C. */
  readonly channels: number;
  /** Share of a batch's statistics in the new running ones, as torch's momentum. Default 0.1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

export interface BatchNormMode {
  /** Whether to normalise by the batch, which moves the running statistics, instead of by these. Default false. */
  readonly training?: boolean;
}

/**
 * y = (x − mean) / √(variance + ε) · weight + bias for each channel (Ioffe & Szegedy 2015).
 *
 * With `{ training: true }` mean and (biased) variance are those of the batch over all places, and the running ones move towards them:
 * running ← (1 − momentum) · running + momentum · batch's, the variance being the unbiased one. Without, they are the running ones, and nothing
 * moves: so a published ResNet is fine-tuned with its statistics frozen by not passing `training`, and with weight and bias frozen too
 * (torchvision's `FrozenBatchNorm2d`) by `freeze` of @heed/training. `runningMean` and `runningVariance` are buffers: saved, not trained.
 *
 * @throws in training if there is but one value for each channel, which has no variance
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { BatchNorm } from '@heed/attention-core';
 * const norm = new BatchNorm({ channels: 1 });
 * norm.forward(tf.tensor2d([[1], [3]]), { training: true }).print(); // [[-1], [1]]
 * norm.runningMean.print(); // [0.2]
 * ```
 */
export class BatchNorm extends Module {
  readonly weight: tf.Variable<tf.Rank.R1>;
  readonly bias: tf.Variable<tf.Rank.R1>;
  readonly runningMean: tf.Variable<tf.Rank.R1>;
  readonly runningVariance: tf.Variable<tf.Rank.R1>;
  private readonly momentum: number;
  private readonly epsilon: number;

  constructor({ channels, momentum = 0.1, epsilon = 1e-5 }: BatchNormConfig) {
    super();
    requireIntegers('BatchNorm', { channels });
    if (!(momentum >= 0 && momentum <= 1)) throw new Error(`BatchNorm: momentum must be in [0, 1], got ${momentum}`);
    this.weight = weight(new Float32Array(channels).fill(1), [channels]);
    this.bias = weight(new Float32Array(channels), [channels]);
    this.runningMean = buffer(new Float32Array(channels), [channels]);
    this.runningVariance = buffer(new Float32Array(channels).fill(1), [channels]);
    this.momentum = momentum;
    this.epsilon = epsilon;
  }

  /** @param x [..., C]: images [B, height, width, C], sequences [B, T, C] or rows [B, C] @returns the same shape */
  forward(x: tf.Tensor, { training = false }: BatchNormMode = {}): tf.Tensor {
    const channels = this.weight.shape[0];
    if (x.rank < 2 || x.shape.at(-1) !== channels) {
      throw new Error(`BatchNorm: x must be [B, ..., ${channels}], got [${x.shape}]`);
    }
    return training ? this.byBatch(x) : this.byRunningStatistics(x);
  }

  private byRunningStatistics(x: tf.Tensor): tf.Tensor {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    return tf.tidy(() => {
      const scale = tf.mul(weight, tf.rsqrt(tf.add(runningVariance, epsilon)));
      return tf.add(tf.mul(x, scale), tf.sub(bias, tf.mul(runningMean, scale)));
    });
  }

  private byBatch(x: tf.Tensor): tf.Tensor {
    const { weight, bias, epsilon } = this;
    const channels = weight.shape[0];
    const values = x.size / channels;
    if (values < 2) throw new Error(`BatchNorm: training needs two values for each channel at least, got [${x.shape}]`);
    const mean = (rows: tf.Tensor) => tf.div(sumRows(rows), values); // [N, C] → [C]
    return withGradient(
      [x, weight, bias],
      (x, gain, bias) => {
        const rows = tf.reshape(x, [-1, channels]); // [N, C]
        const average = mean(rows);
        const centred = tf.sub(rows, average);
        const variance = mean(tf.square(centred));
        this.move(average, tf.mul(variance, values / (values - 1)));
        const inverse = tf.rsqrt(tf.add(variance, epsilon));
        const normalised = tf.mul(centred, inverse);
        return {
          value: tf.reshape(tf.add(tf.mul(normalised, gain), bias), x.shape),
          saved: [normalised, inverse, gain],
        };
      },
      (dy, [normalised, inverse, gain]) => {
        const rows = tf.reshape(dy, [-1, channels]);
        const [dGain, dBias] = [sumRows(tf.mul(rows, normalised)), sumRows(rows)];
        const apart = tf.add(tf.mul(normalised, tf.div(dGain, values)), tf.div(dBias, values));
        const dx = tf.mul(tf.sub(rows, apart), tf.mul(gain, inverse));
        return [tf.reshape(dx, dy.shape), dGain, dBias];
      },
    );
  }

  /** Takes a batch's statistics into the running ones. @param mean [C] @param variance [C] */
  private move(mean: tf.Tensor, variance: tf.Tensor): void {
    const { momentum, runningMean, runningVariance } = this;
    const towards = (running: tf.Variable<tf.Rank.R1>, batch: tf.Tensor) =>
      running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum)) as tf.Tensor1D);
    towards(runningMean, mean);
    towards(runningVariance, variance);
  }
}
