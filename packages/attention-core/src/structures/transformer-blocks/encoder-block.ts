import * as tf from '@tensorflow/tfjs';
import { MultiHeadAttention, type MultiHeadAttentionInputs } from '../../attention/multi-head-attention.ts';
import { FeedForward } from '../../layers/feed-forward.ts';
import type { Norm } from '../../layers/norm.ts';
import { Module } from '../../module/module.ts';
import { partsOf, Residual, type BlockConfig } from './block-config.ts';

/** What self-attention takes: a block is not asked about another memory. */
export type EncoderBlockInputs = Omit<MultiHeadAttentionInputs, 'memory' | 'prepared'>;

/**
 * A Transformer block of self-attention and feed-forward (Vaswani et al. 2017). With a causal mask it is the block of GPT; with a
 * cache it goes on where the last call ended.
 *
 *     post: x ← norm(x + attention(x)),  x ← norm(x + feedForward(x))
 *     pre:  x ← x + attention(norm(x)),  x ← x + feedForward(norm(x))
 *
 * After the last `pre` block a model normalises once more; that is the model's to do.
 *
 * @throws as `MultiHeadAttention` and `Linear`, on widths that do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { EncoderBlock, padding, Random } from '@heed/attention-core';
 * const block = new EncoderBlock({ modelWidth: 16, heads: 4, activation: 'gelu', random: new Random(7) });
 * block.forward(tf.ones([2, 5, 16]), { mask: padding([5, 3]) }).shape; // [2, 5, 16]
 * ```
 */
export class EncoderBlock extends Module {
  readonly attention: MultiHeadAttention;
  readonly attentionNorm: Norm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: Norm;
  private readonly residual: Residual;

  constructor(config: BlockConfig) {
    super();
    const parts = partsOf(config);
    this.attention = new MultiHeadAttention(parts.attention);
    this.attentionNorm = parts.norm();
    this.feedForward = new FeedForward(parts.feedForward);
    this.feedForwardNorm = parts.norm();
    this.residual = new Residual(config.placement ?? 'pre', config.dropout ?? 0);
  }

  /** @param x [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, inputs: EncoderBlockInputs = {}): tf.Tensor {
    const { attention, attentionNorm, feedForward, feedForwardNorm, residual } = this;
    const { random } = inputs;
    return tf.tidy(() => {
      const attended = residual.add(x, attentionNorm, random, (x) => attention.forward(x, inputs));
      return residual.add(attended, feedForwardNorm, random, (x) => feedForward.forward(x, { random }));
    });
  }
}
