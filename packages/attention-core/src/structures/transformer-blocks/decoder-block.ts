import * as tf from '@tensorflow/tfjs';
import {
  MultiHeadAttention,
  type KeysAndValues,
  type MultiHeadAttentionInputs,
} from '../../attention/multi-head-attention.ts';
import { FeedForward } from '../../layers/feed-forward.ts';
import type { Norm } from '../../layers/norm.ts';
import { and } from '../../masks/algebra.ts';
import { causal } from '../../masks/causal.ts';
import type { Mask } from '../../masks/mask.ts';
import { Module } from '../../module/module.ts';
import { partsOf, Residual, type BlockConfig } from './block-config.ts';

export interface DecoderBlockConfig extends BlockConfig {
  /** Width of the memory. Default modelWidth. */
  readonly memoryWidth?: number;
  /** Which positions self-attention sees: the earlier ones (`causal`, default), or `all`, as in DETR and MCAN. */
  readonly sight?: 'causal' | 'all';
}

/** What self-attention takes, and the memory that is asked after it. */
export interface DecoderBlockInputs extends Omit<MultiHeadAttentionInputs, 'memory' | 'prepared' | 'keyPositions'> {
  /** [B, S, memoryWidth]; either this or `prepared`. */
  readonly memory?: tf.Tensor | undefined;
  /** The memory's keys and values, from `block.crossAttention.prepareMemory`. */
  readonly prepared?: KeysAndValues | undefined;
  /** Which of the memory may be seen, e.g. its padding. */
  readonly memoryMask?: Mask | undefined;
  /** [..., S, memoryWidth]: added to what the memory's keys are made from. */
  readonly memoryPositions?: tf.Tensor | undefined;
}

/**
 * A Transformer block of self-attention, attention to a memory and feed-forward (Vaswani et al. 2017). Normalisation is placed as in
 * `EncoderBlock`; `queryPositions` are added to the queries and keys of self-attention and to the queries of the other (DETR).
 *
 * Captured maps are called `<name>.self` and `<name>.cross`, name being `attention` unless configured.
 *
 * @throws if neither a memory nor a prepared one is given, and as `MultiHeadAttention`
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { DecoderBlock, padding, Random } from '@heed/attention-core';
 * const block = new DecoderBlock({ modelWidth: 16, heads: 4, random: new Random(7) });
 * const memory = tf.ones([2, 7, 16]);
 * block.forward(tf.ones([2, 5, 16]), { memory, memoryMask: padding([7, 4]) }).shape; // [2, 5, 16]
 * ```
 */
export class DecoderBlock extends Module {
  readonly selfAttention: MultiHeadAttention;
  readonly selfAttentionNorm: Norm;
  readonly crossAttention: MultiHeadAttention;
  readonly crossAttentionNorm: Norm;
  readonly feedForward: FeedForward;
  readonly feedForwardNorm: Norm;
  private readonly sight: 'causal' | 'all';
  private readonly residual: Residual;

  constructor({ memoryWidth, sight = 'causal', ...config }: DecoderBlockConfig) {
    super();
    const parts = partsOf(config);
    const name = config.name ?? 'attention';
    const { positions: _ownPositions, ...cross } = parts.attention; // rotary positions compare within one sequence only
    this.selfAttention = new MultiHeadAttention({ ...parts.attention, name: `${name}.self` });
    this.selfAttentionNorm = parts.norm();
    this.crossAttention = new MultiHeadAttention({
      ...cross,
      name: `${name}.cross`,
      ...(memoryWidth === undefined ? {} : { memoryWidth }),
    });
    this.crossAttentionNorm = parts.norm();
    this.feedForward = new FeedForward(parts.feedForward);
    this.feedForwardNorm = parts.norm();
    this.sight = sight;
    this.residual = new Residual(config.placement ?? 'pre', config.dropout ?? 0);
  }

  /** @param x [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, inputs: DecoderBlockInputs): tf.Tensor {
    const { memory, prepared, memoryMask, memoryPositions, mask, bias, cache, queryPositions, random } = inputs;
    if (memory === undefined && prepared === undefined) {
      throw new Error('DecoderBlock: either memory or prepared must be given, got neither');
    }
    const { selfAttention, crossAttention, feedForward, residual } = this;
    return tf.tidy(() => {
      const positions = { queryPositions, random };
      const self = { ...positions, keyPositions: queryPositions, cache, bias, mask: this.selfMask(mask, cache) };
      const cross = { ...positions, memory, prepared, keyPositions: memoryPositions, mask: memoryMask };
      let hidden = residual.add(x, this.selfAttentionNorm, random, (x) => selfAttention.forward(x, self));
      hidden = residual.add(hidden, this.crossAttentionNorm, random, (x) => crossAttention.forward(x, cross));
      return residual.add(hidden, this.feedForwardNorm, random, (x) => feedForward.forward(x, { random }));
    });
  }

  /** A cache brings causality itself. */
  private selfMask(mask: Mask | undefined, cache: DecoderBlockInputs['cache']): Mask | undefined {
    if (this.sight === 'all' || cache !== undefined) return mask;
    return mask === undefined ? causal() : and(causal(), mask);
  }
}
