import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { Kernel2d } from './conv2d.ts';
import type { Padding2d } from './padding.ts';

export interface PoolingOptions {
  /** Rows and columns of the window; one number stands for both. */
  readonly windowSize: number | readonly [number, number];
  /** Rows and columns from one window to the next. Default: the window's, so that windows do not overlap. */
  readonly stride?: number | readonly [number, number];
  /** Default `valid`. */
  readonly padding?: Padding2d;
}

/** Less than any number that is pooled. */
const LEAST = -3.4028234663852886e38;

/**
 * The greatest value of each window and channel; the first of equal ones gets the gradient. Padding never is the greatest.
 *
 * @param x [B, height, width, C]
 * @returns [B, outputs' height, outputs' width, C]
 * @throws on sizes that are no positive integers, and where the padded image is smaller than the window
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { maxPool2d } from '@heed/attention-core';
 * maxPool2d(tf.ones([2, 32, 32, 8]), { windowSize: 3, stride: 2, padding: 1 }).shape; // [2, 16, 16, 8]
 * ```
 */
export function maxPool2d(x: tf.Tensor, options: PoolingOptions): tf.Tensor4D {
  const window = windowOf('maxPool2d', x, options);
  return tf.tidy(() => tf.maxPool(window.pad(x as tf.Tensor4D, LEAST), window.size, window.stride, window.mode));
}

/**
 * The mean of each window and channel. Explicit padding counts as zeros, as torch's does; that of `same` does not count, as TensorFlow's.
 * Shapes as in `maxPool2d`.
 */
export function averagePool2d(x: tf.Tensor, options: PoolingOptions): tf.Tensor4D {
  const window = windowOf('averagePool2d', x, options);
  return tf.tidy(() => tf.avgPool(window.pad(x as tf.Tensor4D), window.size, window.stride, window.mode));
}

function windowOf(owner: string, x: tf.Tensor, { windowSize, stride = windowSize, padding }: PoolingOptions): Kernel2d {
  if (x.rank !== 4) throw new Error(`${owner}: x must be [B, height, width, C], got [${x.shape}]`);
  for (const size of [windowSize].flat()) requireIntegers(owner, { windowSize: size });
  return new Kernel2d(owner, { kernelSize: windowSize, stride, ...(padding === undefined ? {} : { padding }) });
}
