import * as tf from '@tensorflow/tfjs';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from './linear.ts';

export interface EmbeddingConfig {
  /** Number of rows: tokens, positions, items. */
  readonly size: number;
  /** Width of each row. */
  readonly width: number;
  /** Standard deviation of the initial values. Default 1, as torch.nn.Embedding; GPT-2 and BERT use 0.02. */
  readonly deviation?: number;
  readonly random: Random;
}

/**
 * Rows of a table by index. Indices are not checked here (that would read them back); datasets and tokenizers do it at the boundary.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Embedding, Random } from '@heed/attention-core';
 * const embedding = new Embedding({ size: 10, width: 4, random: new Random(7) });
 * embedding.forward(tf.tensor2d([[1, 2, 3]], [1, 3], 'int32')).shape; // [1, 3, 4]
 * ```
 */
export class Embedding extends Module {
  readonly weight: tf.Variable<tf.Rank.R2>;

  constructor({ size, width, deviation = 1, random }: EmbeddingConfig) {
    super();
    requireIntegers('Embedding', { size, width });
    this.weight = weight(random.normals(size * width, 0, deviation), [size, width]);
  }

  /** @param indices int32 [...] with values in [0, size) @returns [..., width] */
  forward(indices: tf.Tensor): tf.Tensor {
    return tf.gather(this.weight, indices as tf.Tensor1D);
  }
}
