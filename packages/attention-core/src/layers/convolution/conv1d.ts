import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../../autodiff/with-gradient.ts';
import { Module } from '../../module/module.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { kernelWeights, requireChannels, type KernelConfig } from './kernel-weights.ts';
import { marginsOf, requirePadding, type KernelExtent, type Padding1d } from './padding.ts';
import { gatherPatches, sequencePatches } from './sequence-patches.ts';

export interface Conv1dConfig extends KernelConfig {
  /** Positions that the kernel sees. */
  readonly kernelSize: number;
  /** Positions from one output to the next. Default 1. */
  readonly stride?: number;
  /** Positions from one place of the kernel to the next. Default 1. */
  readonly dilation?: number;
  /** Default `valid`, which is torch's padding 0. */
  readonly padding?: Padding1d;
}

/**
 * A convolution over a sequence: y[t] = Σ_k x[t · stride + k · dilation − before] · W[k] + b.
 *
 * The weight is [kernelSize, inputs / groups, outputs]: torch's [outputs, inputs / groups, kernelSize] transposed by [2, 1, 0].
 *
 * @throws on sizes that are no positive integers, and where the padded input is shorter than the kernel
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Conv1d, Random } from '@heed/attention-core';
 * const layer = new Conv1d({ inputs: 80, outputs: 16, kernelSize: 3, stride: 2, padding: 1, random: new Random(7) });
 * layer.forward(tf.ones([2, 100, 80])).shape; // [2, 50, 16]
 * ```
 */
export class Conv1d extends Module {
  readonly weight: tf.Variable<tf.Rank.R3>;
  readonly bias: tf.Variable<tf.Rank.R1> | undefined;
  private readonly groups: number;
  private readonly padding: Padding1d;
  private readonly extent: KernelExtent;

  constructor(config: Conv1dConfig) {
    super();
    const { kernelSize, stride = 1, dilation = 1, padding = 'valid', groups = 1 } = config;
    requireIntegers('Conv1d', { stride, dilation });
    requirePadding('Conv1d', padding);
    const { weight, bias } = kernelWeights<tf.Rank.R3>('Conv1d', [kernelSize], config);
    this.weight = weight;
    this.bias = bias;
    this.groups = groups;
    this.padding = padding;
    this.extent = { kernel: kernelSize, stride, dilation };
  }

  /** @param x [B, T, inputs] @returns [B, outputs' length, outputs] */
  forward(x: tf.Tensor): tf.Tensor {
    const { weight, bias, groups, extent } = this;
    requireChannels('Conv1d', x, 3, weight.shape[1] * groups);
    return tf.tidy(() => {
      const padded = padSequence('Conv1d', x, this.padding, extent);
      const parts = groups === 1 ? [padded] : tf.split(padded, groups, 2);
      const kernels = groups === 1 ? [weight] : tf.split(weight, groups, 2);
      const convolved = parts.map((part, i) => convolve(part, kernels[i], extent));
      const y = groups === 1 ? convolved[0] : tf.concat(convolved, 2);
      return bias === undefined ? y : tf.add(y, bias);
    });
  }
}

/** The sequence with its zeros around. @param x [B, T, C] @throws where it is shorter than the kernel even so */
export function padSequence(owner: string, x: tf.Tensor, padding: Padding1d, extent: KernelExtent): tf.Tensor {
  const margins = marginsOf(padding, x.shape[1]!, extent);
  const reach = (extent.kernel - 1) * extent.dilation + 1;
  if (x.shape[1]! + margins[0] + margins[1] < reach) {
    throw new Error(
      `${owner}: x with its padding must have the ${reach} positions of the kernel at least, got [${x.shape}] and [${margins}]`,
    );
  }
  return margins[0] + margins[1] === 0 ? x : tf.pad(x, [[0, 0], [...margins], [0, 0]]);
}

/** As one matrix product; the patches are made again for the gradient, not kept. @param x [B, T, I] @param w [k, I, O] */
function convolve(x: tf.Tensor, w: tf.Tensor, extent: KernelExtent): tf.Tensor {
  const [kernel, inputs, outputs] = w.shape;
  const [batch, length] = x.shape;
  const width = kernel * inputs!;
  const rowsOf = (x: tf.Tensor) => tf.reshape(sequencePatches(x, extent), [-1, width]);
  return withGradient(
    [x, w],
    (x, w) => {
      const y = tf.matMul(rowsOf(x), tf.reshape(w, [width, outputs!])); // [B · L, O]
      return { value: tf.reshape(y, [batch, -1, outputs!]), saved: [x, w] };
    },
    (dy, [x, w]) => {
      const rows = tf.reshape(dy, [-1, outputs!]); // [B · L, O]
      const patches = tf.matMul(rows, tf.reshape(w, [width, outputs!]), false, true); // [B · L, k · I]
      const dx = gatherPatches(tf.reshape(patches, [batch, -1, width]), length!, extent);
      return [dx, tf.reshape(tf.matMul(rowsOf(x), rows, true), w.shape)];
    },
  );
}
