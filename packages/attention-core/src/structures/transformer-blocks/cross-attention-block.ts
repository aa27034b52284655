import * as tf from '@tensorflow/tfjs';
import { MultiHeadAttention } from '../../attention/multi-head-attention.ts';
import { FeedForward } from '../../layers/feed-forward.ts';
import type { Norm } from '../../layers/norm.ts';
import type { Mask } from '../../masks/mask.ts';
import { Module } from '../../module/module.ts';
import type { RandomStream } from '../../random/random-stream.ts';
import { partsOf, Residual, type BlockConfig } from './block-config.ts';

export interface CrossAttentionBlockConfig extends Omit<BlockConfig, 'placement'> {
  /** Width of the memory. Default modelWidth. */
  readonly memoryWidth?: number;
}

export interface CrossAttentionBlockInputs {
  /** [B, S, memoryWidth] */
  readonly memory: tf.Tensor;
  /** Which of the memory may be seen. */
  readonly mask?: Mask | undefined;
  readonly random?: RandomStream | undefined;
}

/**
 * A block that only asks a memory (Perceiver, Jaegle et al. 2021): both sides are normalised first.
 *
 *     x ← x + attention(norm(x), norm(memory)),  x ← x + feedForward(norm(x))
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { CrossAttentionBlock, Random } from '@heed/attention-core';
 * const block = new CrossAttentionBlock({ modelWidth: 16, heads: 2, memoryWidth: 6, random: new Random(7) });
 * block.forward(tf.ones([2, 4, 16]), { memory: tf.ones([2, 50, 6]) }).shape; // [2, 4, 16]
 * ```
 */
export class CrossAttentionBlock extends Module {
  readonly attention: MultiHeadAttention;
  readonly attentionNorm: Norm;
  readonly memoryNorm: Norm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: Norm;
  private readonly residual: Residual;

  constructor(config: CrossAttentionBlockConfig) {
    super();
    const { memoryWidth = config.modelWidth, ...block } = config;
    const parts = partsOf(block);
    this.attention = new MultiHeadAttention({ ...parts.attention, memoryWidth });
    this.attentionNorm = parts.norm();
    this.memoryNorm = parts.norm(memoryWidth);
    this.feedForward = new FeedForward(parts.feedForward);
    this.feedForwardNorm = parts.norm();
    this.residual = new Residual('pre', config.dropout ?? 0);
  }

  /** @param x [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, { memory, mask, random }: CrossAttentionBlockInputs): tf.Tensor {
    const { attention, feedForward, residual } = this;
    return tf.tidy(() => {
      const inputs = { memory: this.memoryNorm.forward(memory), mask, random };
      const attended = residual.add(x, this.attentionNorm, random, (x) => attention.forward(x, inputs));
      return residual.add(attended, this.feedForwardNorm, random, (x) => feedForward.forward(x, { random }));
    });
  }
}
