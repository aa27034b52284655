import * as tf from '@tensorflow/tfjs';
import { Module } from '../../module/module.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { padSequence, type Conv1dConfig } from './conv1d.ts';
import { depthwise, depthwiseWeights, type DepthwiseConfig } from './depthwise-conv2d.ts';
import { requireChannels } from './kernel-weights.ts';
import { requirePadding, type KernelExtent, type Padding1d } from './padding.ts';

export interface DepthwiseConv1dConfig
  extends DepthwiseConfig, Pick<Conv1dConfig, 'kernelSize' | 'stride' | 'dilation' | 'padding'> {}

/**
 * A convolution over a sequence of each channel by itself (Conformer's): torch's `Conv1d` with as many groups as channels.
 *
 * The weight is [kernelSize, 1, channels · multiplier]: torch's [channels · multiplier, 1, kernelSize] transposed by [2, 1, 0].
 *
 * @throws as `Conv1d`, and on strides together with dilation
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { DepthwiseConv1d, Random } from '@heed/attention-core';
 * const layer = new DepthwiseConv1d({ channels: 8, kernelSize: 31, padding: 'same', random: new Random(7) });
 * layer.forward(tf.ones([2, 50, 8])).shape; // [2, 50, 8]
 * ```
 */
export class DepthwiseConv1d extends Module {
  readonly weight: tf.Variable<tf.Rank.R3>;
  readonly bias: tf.Variable<tf.Rank.R1> | undefined;
  private readonly channels: number;
  private readonly padding: Padding1d;
  private readonly extent: KernelExtent;

  constructor(config: DepthwiseConv1dConfig) {
    super();
    const { kernelSize, stride = 1, dilation = 1, padding = 'valid' } = config;
    requireIntegers('DepthwiseConv1d', { stride, dilation });
    requirePadding('DepthwiseConv1d', padding);
    if (stride > 1 && dilation > 1) {
      throw new Error(`DepthwiseConv1d: stride or dilation must be 1, got stride=${stride}, dilation=${dilation}`);
    }
    const { weight, bias } = depthwiseWeights<tf.Rank.R3>('DepthwiseConv1d', [kernelSize], config);
    this.weight = weight;
    this.bias = bias;
    this.channels = config.channels;
    this.padding = padding;
    this.extent = { kernel: kernelSize, stride, dilation };
  }

  /** @param x [B, T, channels] @returns [B, outputs' length, channels · multiplier] */
  forward(x: tf.Tensor): tf.Tensor {
    requireChannels('DepthwiseConv1d', x, 3, this.channels);
    return tf.tidy(() => {
      const { extent, weight, bias, channels } = this;
      const { kernel, stride, dilation } = extent;
      const image = tf.expandDims(padSequence('DepthwiseConv1d', x, this.padding, extent), 1) as tf.Tensor4D; // [B, 1, T, C]
      // an image of one row: TensorFlow wants the steps of both dimensions alike
      const y = depthwise(image, weight, channels, {
        size: [1, kernel],
        stride: [stride, stride],
        dilation: [dilation, dilation],
        mode: 'valid',
      });
      const sequence = tf.squeeze(y, [1]); // [B, L, C · multiplier]
      return bias === undefined ? sequence : tf.add(sequence, bias);
    });
  }
}
