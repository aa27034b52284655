import * as tf from '@tensorflow/tfjs';
import type { Bias } from '../biases/bias.ts';
import { Linear, requireWidth } from '../layers/linear.ts';
import type { Mask } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Random } from '../random/random.ts';
import { attention } from './attention.ts';

export interface MultiHeadAttentionConfig {
  /** M: width of queries and of the result. */
  readonly modelWidth: number;
  /** H. */
  readonly heads: number;
  /** K: heads that keys and values have; H is a multiple of it. Default H; 1 is multi-query attention. */
  readonly keyValueHeads?: number;
  /** D: width of each query and key head. Default M / H. */
  readonly headWidth?: number;
  /** Dv: width of each value head. Default D. */
  readonly valueHeadWidth?: number;
  /** Width of what keys and values are made from. Default M. */
  readonly memoryWidth?: number;
  /** Whether the four projections have biases. Default true. */
  readonly bias?: boolean;
  /** Dropout on the weights. Default 0. */
  readonly dropout?: number;
  /** How captured maps call this attention. Default `attention`. */
  readonly name?: string;
  readonly random: Random;
}

export interface MultiHeadAttentionInputs {
  /** [B, S, memoryWidth]: what keys and values are made from. Default: the queries' own input (self-attention). */
  readonly memory?: tf.Tensor | undefined;
  readonly mask?: Mask | undefined;
  readonly bias?: Bias | undefined;
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * H attentions in parallel, each in its own projection (Vaswani et al. 2017): Concat(head₁, …, head_H)·W_O with
 * head_h = Attention(x·W_Q, m·W_K, m·W_V).
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { causal, MultiHeadAttention, Random } from '@heed/attention-core';
 * const layer = new MultiHeadAttention({ modelWidth: 32, heads: 4, random: new Random(7) });
 * layer.forward(tf.ones([2, 10, 32]), { mask: causal() }).shape; // [2, 10, 32]
 * ```
 */
export class MultiHeadAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  private readonly heads: number;
  private readonly keyValueHeads: number;
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor(config: MultiHeadAttentionConfig) {
    super();
    const { modelWidth, heads, keyValueHeads = heads, memoryWidth = modelWidth, bias = true, random } = config;
    requireWidth('multiHeadAttention', 'heads', heads);
    requireWidth('multiHeadAttention', 'keyValueHeads', keyValueHeads);
    if (config.headWidth === undefined && modelWidth % heads !== 0) {
      throw new Error(
        `multiHeadAttention: modelWidth must be a multiple of heads, got modelWidth=${modelWidth}, heads=${heads}`,
      );
    }
    if (heads % keyValueHeads !== 0) {
      throw new Error(
        `multiHeadAttention: heads must be a multiple of keyValueHeads, got heads=${heads}, keyValueHeads=${keyValueHeads}`,
      );
    }
    const headWidth = config.headWidth ?? modelWidth / heads;
    const valueHeadWidth = config.valueHeadWidth ?? headWidth;
    this.query = new Linear({ inputs: modelWidth, outputs: heads * headWidth, bias, random });
    this.key = new Linear({ inputs: memoryWidth, outputs: keyValueHeads * headWidth, bias, random });
    this.value = new Linear({ inputs: memoryWidth, outputs: keyValueHeads * valueHeadWidth, bias, random });
    this.output = new Linear({ inputs: heads * valueHeadWidth, outputs: modelWidth, bias, random });
    this.heads = heads;
    this.keyValueHeads = keyValueHeads;
    this.dropoutRate = config.dropout ?? 0;
    this.mapName = config.name ?? 'attention';
  }

  /** @param x [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, { memory = x, mask, bias, random }: MultiHeadAttentionInputs = {}): tf.Tensor {
    return tf.tidy(() => {
      const heads = attention({
        query: splitHeads(this.query.forward(x), this.heads), // [B, H, L, D]
        key: splitHeads(this.key.forward(memory), this.keyValueHeads), // [B, K, S, D]
        value: splitHeads(this.value.forward(memory), this.keyValueHeads), // [B, K, S, Dv]
        mask,
        bias,
        dropout: this.dropoutRate,
        random,
        name: this.mapName,
      });
      return this.output.forward(mergeHeads(heads));
    });
  }
}

/** [B, L, H·D] → [B, H, L, D] */
export function splitHeads(x: tf.Tensor, heads: number): tf.Tensor4D {
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, L, D] → [B, L, H·D] */
export function mergeHeads(x: tf.Tensor): tf.Tensor3D {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * width]);
}
