import * as tf from '@tensorflow/tfjs';
import { Linear } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { AttentionPooling, type AttentionPoolingInputs } from './attention-pooling.ts';

export interface AttentionReductionConfig {
  /** M: width of what is reduced. */
  readonly width: number;
  /** Width inside the network that judges positions. Default M. */
  readonly hiddenWidth?: number;
  /** Width of the result. MCAN has 1024. */
  readonly outputs: number;
  /** Default 0. */
  readonly dropout?: number;
  /** How captured maps call this attention. Default `reduction`. */
  readonly name?: string;
  readonly random: Random;
}

/**
 * MCAN's attentional reduction (Yu et al. 2019): a sequence as one vector, weighted by a two-layer network and projected.
 *
 *     α = softmax(w·relu(W·x + b)),   result = U·(Σ α_i·x_i) + c
 *
 * The original adds a bias to the scores, which the softmax takes away again.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { AttentionReduction, Random } from '@heed/attention-core';
 * const reduction = new AttentionReduction({ width: 8, outputs: 16, random: new Random(7) });
 * reduction.forward(tf.ones([2, 5, 8])).shape; // [2, 16]
 * ```
 */
export class AttentionReduction extends Module {
  readonly pooling: AttentionPooling;
  readonly output: Linear;

  constructor({ width, outputs, name = 'reduction', random, ...config }: AttentionReductionConfig) {
    super();
    this.pooling = new AttentionPooling({ ...config, width, activation: 'relu', name, random });
    this.output = new Linear({ inputs: width, outputs, random });
  }

  /** @param x [B, L, M] @returns [B, outputs] */
  forward(x: tf.Tensor, inputs: AttentionPoolingInputs = {}): tf.Tensor {
    return tf.tidy(() => this.output.forward(this.pooling.forward(x, inputs)));
  }
}
