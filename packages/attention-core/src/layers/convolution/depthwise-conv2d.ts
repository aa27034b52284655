import * as tf from '@tensorflow/tfjs';
import { Module } from '../../module/module.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { Kernel2d, type Kernel2dConfig } from './conv2d.ts';
import { kernelWeights, requireChannels, type KernelConfig } from './kernel-weights.ts';

/** A convolution of each channel by itself. */
export interface DepthwiseConfig extends Pick<KernelConfig, 'bias' | 'random'> {
  /** Channels of the input. */
  readonly channels: number;
  /** Outputs of each channel, side by side. Default 1. */
  readonly multiplier?: number;
}

export interface DepthwiseConv2dConfig extends DepthwiseConfig, Kernel2dConfig {}

/**
 * A convolution over an image of each channel by itself: torch's `Conv2d` with as many groups as channels.
 *
 * The weight is [kernel height, kernel width, 1, channels · multiplier]: torch's [channels · multiplier, 1, height, width] transposed by
 * [2, 3, 1, 0].
 *
 * @throws as `Conv2d`
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { DepthwiseConv2d, Random } from '@heed/attention-core';
 * const layer = new DepthwiseConv2d({ channels: 8, kernelSize: 7, padding: 'same', random: new Random(7) });
 * layer.forward(tf.ones([2, 16, 16, 8])).shape; // [2, 16, 16, 8]
 * ```
 */
export class DepthwiseConv2d extends Module {
  readonly weight: tf.Variable<tf.Rank.R4>;
  readonly bias: tf.Variable<tf.Rank.R1> | undefined;
  private readonly channels: number;
  private readonly kernel: Kernel2d;

  constructor(config: DepthwiseConv2dConfig) {
    super();
    this.kernel = new Kernel2d('DepthwiseConv2d', config);
    const { weight, bias } = depthwiseWeights<tf.Rank.R4>('DepthwiseConv2d', this.kernel.size, config);
    this.weight = weight;
    this.bias = bias;
    this.channels = config.channels;
  }

  /** @param x [B, height, width, channels] @returns [B, outputs' height, outputs' width, channels · multiplier] */
  forward(x: tf.Tensor): tf.Tensor4D {
    requireChannels('DepthwiseConv2d', x, 4, this.channels);
    return tf.tidy(() => {
      const { kernel, weight, bias, channels } = this;
      const y = depthwise(kernel.pad(x as tf.Tensor4D), weight, channels, kernel);
      return (bias === undefined ? y : tf.add(y, bias)) as tf.Tensor4D;
    });
  }
}

/** The initial weights of a depthwise convolution, checked. */
export function depthwiseWeights<R extends tf.Rank>(
  owner: string,
  kernel: readonly number[],
  { channels, multiplier = 1, bias = true, random }: DepthwiseConfig,
) {
  requireIntegers(owner, { channels, multiplier });
  const sizes = { inputs: channels, outputs: channels * multiplier, groups: channels };
  return kernelWeights<R>(owner, kernel, { ...sizes, bias, random });
}

/** @param x padded [B, height, width, C] @param weight [kernel height, kernel width, 1, C · multiplier] */
export function depthwise(
  x: tf.Tensor4D,
  weight: tf.Tensor,
  channels: number,
  { size, stride, mode, dilation }: Pick<Kernel2d, 'size' | 'stride' | 'mode' | 'dilation'>,
): tf.Tensor4D {
  const filter = tf.reshape(weight, [...size, channels, -1]) as tf.Tensor4D;
  return tf.depthwiseConv2d(x, filter, stride, mode, 'NHWC', dilation);
}
