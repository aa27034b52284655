import * as tf from '@tensorflow/tfjs';
import { Module } from '../../module/module.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { kernelWeights, requireChannels, type KernelConfig } from './kernel-weights.ts';
import { marginsOf, requirePadding, type Padding2d } from './padding.ts';

/** What a kernel does along rows and columns; one number stands for both. */
export interface Kernel2dConfig {
  /** Rows and columns that the kernel sees. */
  readonly kernelSize: number | readonly [number, number];
  /** Rows and columns from one output to the next. Default 1. */
  readonly stride?: number | readonly [number, number];
  /** Rows and columns from one place of the kernel to the next. Default 1; not together with strides. */
  readonly dilation?: number | readonly [number, number];
  /** Default `valid`, which is torch's padding 0. torch's `padding: 1` is `1`, also where there are strides. */
  readonly padding?: Padding2d;
}

export interface Conv2dConfig extends KernelConfig, Kernel2dConfig {}

/**
 * A convolution over an image whose channels are the last dimension.
 *
 * The weight is [kernel height, kernel width, inputs / groups, outputs]: torch's [outputs, inputs / groups, height, width] transposed by
 * [2, 3, 1, 0]. Images are [B, height, width, C], torch's [B, C, height, width].
 *
 * @throws on sizes that are no positive integers, on strides together with dilation, and where the padded image is smaller than the kernel
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Conv2d, Random } from '@heed/attention-core';
 * const layer = new Conv2d({ inputs: 3, outputs: 16, kernelSize: 3, stride: 2, padding: 1, random: new Random(7) });
 * layer.forward(tf.ones([2, 32, 32, 3])).shape; // [2, 16, 16, 16]
 * ```
 */
export class Conv2d extends Module {
  readonly weight: tf.Variable<tf.Rank.R4>;
  readonly bias: tf.Variable<tf.Rank.R1> | undefined;
  private readonly groups: number;
  private readonly kernel: Kernel2d;

  constructor(config: Conv2dConfig) {
    super();
    this.kernel = new Kernel2d('Conv2d', config);
    const { weight, bias } = kernelWeights<tf.Rank.R4>('Conv2d', this.kernel.size, config);
    this.weight = weight;
    this.bias = bias;
    this.groups = config.groups ?? 1;
  }

  /** @param x [B, height, width, inputs] @returns [B, outputs' height, outputs' width, outputs] */
  forward(x: tf.Tensor): tf.Tensor4D {
    const { weight, bias, groups, kernel } = this;
    requireChannels('Conv2d', x, 4, weight.shape[2] * groups);
    return tf.tidy(() => {
      const padded = kernel.pad(x as tf.Tensor4D);
      const parts = groups === 1 ? [padded] : tf.split(padded, groups, 3);
      const kernels = groups === 1 ? [weight] : tf.split(weight, groups, 3);
      const convolved = parts.map((part, i) =>
        tf.conv2d(part as tf.Tensor4D, kernels[i] as tf.Tensor4D, kernel.stride, kernel.mode, 'NHWC', kernel.dilation),
      );
      const y = groups === 1 ? convolved[0] : tf.concat(convolved, 3);
      return (bias === undefined ? y : tf.add(y, bias)) as tf.Tensor4D;
    });
  }
}

/** Size, steps and padding of a kernel along rows and columns, checked. */
export class Kernel2d {
  readonly size: [number, number];
  readonly stride: [number, number];
  readonly dilation: [number, number];
  /** What tfjs is told once `pad` has put the explicit zeros around. */
  readonly mode: 'same' | 'valid';
  private readonly owner: string;
  private readonly padding: Padding2d;

  constructor(owner: string, { kernelSize, stride = 1, dilation = 1, padding = 'valid' }: Kernel2dConfig) {
    this.owner = owner;
    this.size = pairOf(kernelSize);
    this.stride = pairOf(stride);
    this.dilation = pairOf(dilation);
    this.padding = padding;
    this.mode = padding === 'same' ? 'same' : 'valid';
    for (const size of this.stride) requireIntegers(owner, { stride: size });
    for (const size of this.dilation) requireIntegers(owner, { dilation: size });
    requirePadding(owner, padding);
    if (this.stride.some((size) => size > 1) && this.dilation.some((size) => size > 1)) {
      throw new Error(
        `${owner}: stride or dilation must be 1, got stride=[${this.stride}], dilation=[${this.dilation}]`,
      );
    }
  }

  /** The image with the margins that `mode` does not bring. @throws where it is smaller than the kernel even so */
  pad(x: tf.Tensor4D, value = 0): tf.Tensor4D {
    const { padding, size, dilation } = this;
    if (padding === 'same') return x;
    const sides = [0, 1].map((axis) => {
      const extent = { kernel: size[axis], stride: this.stride[axis], dilation: dilation[axis] };
      const along = typeof padding === 'object' ? padding[axis] : padding;
      const margins = marginsOf(along, x.shape[axis + 1], extent);
      const reach = (extent.kernel - 1) * extent.dilation + 1;
      if (x.shape[axis + 1] + margins[0] + margins[1] < reach) {
        throw new Error(
          `${this.owner}: x with its padding must have the ${reach} ${axis === 0 ? 'rows' : 'columns'} of the kernel at least, ` +
            `got [${x.shape}] and [${margins}]`,
        );
      }
      return margins;
    });
    if (sides.flat().every((margin) => margin === 0)) return x;
    return tf.pad(x, [[0, 0], [...sides[0]], [...sides[1]], [0, 0]], value);
  }
}

function pairOf(value: number | readonly [number, number]): [number, number] {
  return typeof value === 'number' ? [value, value] : [...value];
}
