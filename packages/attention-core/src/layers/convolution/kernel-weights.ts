import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../../random/random.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { weight } from '../linear.ts';

export interface KernelConfig {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Channels are divided into so many groups, each convolved on its own; a divisor of inputs and outputs. Default 1. */
  readonly groups?: number;
  /** Whether a bias is added. Default true. */
  readonly bias?: boolean;
  /** Where the initial weights come from: uniform in ±1/√(kernel places · inputs / groups), as torch's convolutions. */
  readonly random: Random;
}

/** The initial kernel [...kernel, inputs / groups, outputs] and bias [outputs] of a convolution. */
export function kernelWeights<R extends tf.Rank>(
  owner: string,
  kernel: readonly number[],
  { inputs, outputs, groups = 1, bias = true, random }: KernelConfig,
): { readonly weight: tf.Variable<R>; readonly bias: tf.Variable<tf.Rank.R1> | undefined } {
  requireIntegers(owner, { inputs, outputs, groups });
  for (const size of kernel) requireIntegers(owner, { kernelSize: size });
  if (inputs % groups !== 0 || outputs % groups !== 0) {
    throw new Error(
      `${owner}: groups must divide inputs and outputs, got groups=${groups}, inputs=${inputs}, outputs=${outputs}`,
    );
  }
  const shape = [...kernel, inputs / groups, outputs] as tf.ShapeMap[R];
  const seen = (kernel.reduce((product, size) => product * size, 1) * inputs) / groups;
  const bound = 1 / Math.sqrt(seen);
  return {
    weight: weight<R>(random.uniforms(seen * outputs, -bound, bound), shape),
    bias: bias ? weight(random.uniforms(outputs, -bound, bound), [outputs]) : undefined,
  };
}

/** @throws unless x has the rank and the channels that a convolution takes */
export function requireChannels(owner: string, x: tf.Tensor, rank: number, channels: number): void {
  if (x.rank !== rank || x.shape[rank - 1] !== channels) {
    const form = rank === 3 ? 'B, T' : 'B, height, width';
    throw new Error(`${owner}: x must be [${form}, ${channels}], got [${x.shape}]`);
  }
}
