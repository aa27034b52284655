import * as tf from '@tensorflow/tfjs';
import type { KeysAndValues } from '../../attention/multi-head-attention.ts';
import type { T5Bias } from '../../biases/t5.ts';
import { dropout } from '../../layers/dropout.ts';
import type { RmsNorm } from '../../layers/rms-norm.ts';
import type { Mask } from '../../masks/mask.ts';
import { Module } from '../../module/module.ts';
import type { RandomStream } from '../../random/random-stream.ts';
import type { KeyValueCache } from '../../key-value-cache/key-value-cache.ts';
import { DecoderBlock } from './decoder-block.ts';
import { t5Parts, type T5StackConfig } from './t5-encoder.ts';

export interface T5DecoderInputs {
  /** The encoder's result, [B, S, M]; either this or `prepared`. */
  readonly memory?: tf.Tensor | undefined;
  /** The memory's keys and values for each block, from `decoder.prepareMemory`. */
  readonly prepared?: readonly KeysAndValues[] | undefined;
  /** Which of the memory may be seen. */
  readonly memoryMask?: Mask | undefined;
  /** Which positions may be seen, beside causality. */
  readonly mask?: Mask | undefined;
  /** What earlier calls saw, one growing or static cache for each block; the positions go on from there. */
  readonly caches?: readonly KeyValueCache[] | undefined;
  readonly random?: RandomStream | undefined;
}

/**
 * T5's decoder: the blocks of `T5Encoder`, causal, that ask a memory too. The relative position bias is one for all blocks and of
 * self-attention only. It takes embeddings and gives hidden states: a head, and T5's division by √M where the head is the table of
 * embeddings, are the model's.
 *
 * @throws as `T5Encoder`, and where there are not as many caches or prepared memories as blocks
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Random, T5Decoder } from '@heed/attention-core';
 * const decoder = new T5Decoder({ modelWidth: 16, layers: 2, heads: 4, hiddenWidth: 32, random: new Random(7) });
 * decoder.forward(tf.ones([2, 5, 16]), { memory: tf.ones([2, 7, 16]) }).shape; // [2, 5, 16]
 * ```
 */
export class T5Decoder extends Module {
  readonly blocks: readonly DecoderBlock[];
  readonly bias: T5Bias;
  readonly norm: RmsNorm;
  private readonly dropoutRate: number;

  constructor(config: T5StackConfig) {
    super();
    const parts = t5Parts('T5Decoder', 'past', config);
    const { name = 'decoder' } = config;
    this.blocks = parts.layers.map((i) => new DecoderBlock({ ...parts.block, name: `${name}.${i}` }));
    this.bias = parts.bias;
    this.norm = parts.norm;
    this.dropoutRate = config.dropout ?? 0;
  }

  /** The memory's keys and values for each block, to be asked step by step. @param memory [B, S, M] */
  prepareMemory(memory: tf.Tensor): KeysAndValues[] {
    return this.blocks.map((block) => block.crossAttention.prepareMemory(memory));
  }

  /** @param x embeddings [B, L, M] @returns [B, L, M] */
  forward(x: tf.Tensor, { memory, prepared, memoryMask, mask, caches, random }: T5DecoderInputs): tf.Tensor {
    for (const [name, each] of Object.entries({ prepared, caches })) {
      if (each !== undefined && each.length !== this.blocks.length) {
        throw new Error(`T5Decoder: ${name} must be one for each of ${this.blocks.length} blocks, got ${each.length}`);
      }
    }
    return tf.tidy(() => {
      const start = caches?.[0].start(); // a static cache has slots behind the last query, too
      const bias = start === undefined ? this.bias : this.bias.at(start);
      let hidden = dropout(x, this.dropoutRate, random);
      for (const [i, block] of this.blocks.entries()) {
        const own = { memory, prepared: prepared?.[i], cache: caches?.[i] };
        hidden = block.forward(hidden, { ...own, memoryMask, mask, bias, random });
      }
      return dropout(this.norm.forward(hidden), this.dropoutRate, random);
    });
  }
}
