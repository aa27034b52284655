import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from '../layers/linear.ts';
import type { MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import type { Bias } from './bias.ts';

export interface RelativeTable2dConfig {
  /** H. */
  readonly heads: number;
  /** Rows of the window. */
  readonly height: number;
  /** Columns of the window. */
  readonly width: number;
  readonly random: Random;
}

/**
 * A learned number for each head and each offset (Δrow, Δcolumn) between two places of a window (Swin Transformer, Liu et al.
 * 2021). Places are numbered row by row. Hugging Face keeps the table as `relative_position_bias_table`.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, Random, RelativeTable2d } from '@heed/attention-core';
 * const bias = new RelativeTable2d({ heads: 2, height: 3, width: 3, random: new Random(7) });
 * const x = tf.ones([1, 2, 9, 4]);
 * attention({ query: x, key: x, value: x, bias }).shape; // [1, 2, 9, 4]
 * ```
 */
export class RelativeTable2d extends Module implements Bias {
  /** [(2 · height − 1)(2 · width − 1), H] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly description: string;
  private readonly height: number;
  private readonly width: number;

  constructor({ heads, height, width, random }: RelativeTable2dConfig) {
    super();
    requireIntegers('RelativeTable2d', { heads, height, width });
    const rows = (2 * height - 1) * (2 * width - 1);
    this.weight = weight(random.normals(rows * heads, 0, 0.02), [rows, heads]);
    this.description = `RelativeTable2d({ heads: ${heads}, height: ${height}, width: ${width} })`;
    this.height = height;
    this.width = width;
  }

  /**
   * @returns [1, H, queries, keys]
   * @throws unless queries and keys are the places of one window
   */
  values({ queries, keys, queryLength, keyLength }: MaskRegion): tf.Tensor {
    const { height, width } = this;
    if (queryLength !== height * width || keyLength !== height * width) {
      throw new Error(
        `RelativeTable2d: queries and keys must be the ${height} × ${width} places of a window, got L=${queryLength}, S=${keyLength}`,
      );
    }
    const offsets: number[] = [];
    for (let q = queries.start; q < queries.end; q++) {
      for (let k = keys.start; k < keys.end; k++) {
        const down = Math.floor(q / width) - Math.floor(k / width) + height - 1;
        const right = (q % width) - (k % width) + width - 1;
        offsets.push(down * (2 * width - 1) + right);
      }
    }
    return tf.tidy(() => {
      const rows = tf.gather(this.weight, tf.tensor1d(offsets, 'int32')); // [queries · keys, H]
      const shape = [1, -1, queries.end - queries.start, keys.end - keys.start];
      return tf.reshape(tf.transpose(rows), shape);
    });
  }
}
