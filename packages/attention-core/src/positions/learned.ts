import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { sinusoids } from './sinusoidal.ts';

export interface LearnedPositionsConfig {
  /** The longest sequence. */
  readonly length: number;
  /** M. */
  readonly width: number;
  /** Standard deviation of the initial values. Default 0.02, as BERT and GPT-2. */
  readonly deviation?: number;
  /** What they are: drawn, or `sinusoidalPositions`, in which one linear map leads from any position to its neighbour. Default 'normal'. */
  readonly initial?: 'normal' | 'sinusoidal';
  readonly random: Random;
}

/**
 * A learned vector for each position (Gehring et al. 2017; BERT, GPT-2, ViT).
 *
 * @example
 * ```ts
 * import { LearnedPositions, Random } from '@heed/attention-core';
 * const positions = new LearnedPositions({ length: 512, width: 8, random: new Random(7) });
 * positions.forward(10).shape; // [10, 8]
 * ```
 */
export class LearnedPositions extends Module {
  /** [length, M] */
  readonly weight: tf.Variable<tf.Rank.R2>;

  constructor({ length, width, deviation = 0.02, initial = 'normal', random }: LearnedPositionsConfig) {
    super();
    requireIntegers('LearnedPositions', { length, width });
    const values =
      initial === 'normal' ? random.normals(length * width, 0, deviation) : waves(length, width, deviation);
    this.weight = weight(values, [length, width]);
  }

  /**
   * @param length how many positions
   * @param start the first of them: a number, or an int32 scalar (a cache's length in a recorded step), which is not checked.
   *   Default 0
   * @returns [length, M]
   * @throws if the table is too short
   */
  forward(length: number, start: number | tf.Scalar = 0): tf.Tensor2D {
    const [available, width] = this.weight.shape;
    const first = start instanceof tf.Tensor ? 0 : start;
    if (first < 0 || first + length > available) {
      throw new Error(
        `LearnedPositions: positions must be in [0, ${available}), got ${first} to ${first + length - 1}`,
      );
    }
    if (!(start instanceof tf.Tensor)) return tf.slice(this.weight, [start, 0], [length, width]);
    return tf.tidy(() => {
      const positions = tf.add(tf.range(0, length, 1, 'int32'), tf.cast(start, 'int32'));
      return tf.gather(this.weight, positions as tf.Tensor1D);
    });
  }
}

/** Sinusoids of a standard deviation, also for an odd width. */
function waves(length: number, width: number, deviation: number): Float32Array {
  const even = width + (width % 2);
  const rows = sinusoids([...Array(length).keys()], even);
  // sin² + cos² is 1 in each pair
  return Float32Array.from({ length: length * width }, (_, i) => {
    return deviation * Math.SQRT2 * rows[Math.floor(i / width) * even + (i % width)];
  });
}
