import * as tf from '@tensorflow/tfjs';
import type { Mask } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Random } from '../random/random.ts';
import { DecoderBlock } from './transformer-blocks/decoder-block.ts';
import { EncoderBlock } from './transformer-blocks/encoder-block.ts';

export interface GuidedAttentionConfig {
  /** M. MCAN has 512. */
  readonly modelWidth: number;
  /** H. MCAN has 8. */
  readonly heads: number;
  /** How many blocks on each side. MCAN has 6. */
  readonly layers: number;
  /** Width inside the feed-forward parts. Default 4 × modelWidth. */
  readonly hiddenWidth?: number;
  /** MCAN has 0.1. Default 0. */
  readonly dropout?: number;
  readonly random: Random;
}

export interface GuidedAttentionInputs {
  /** What guides, e.g. the words of a question: [B, T, M]. */
  readonly guide: tf.Tensor;
  /** What is guided, e.g. the regions of an image: [B, N, M]. */
  readonly x: tf.Tensor;
  readonly guideMask?: Mask | undefined;
  readonly mask?: Mask | undefined;
  readonly random?: RandomStream | undefined;
}

/**
 * Deep guided attention (Yu et al. 2019, "Deep modular co-attention networks", MCAN, encoder–decoder form): self-attention
 * units on the guide, then units of self-attention and attention to the finished guide on the other side. Blocks normalise after the
 * sum, by `UnbiasedLayerNorm`. Captured maps: `guide 0` …, `guided 0.self`, `guided 0.cross`, ….
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { GuidedAttention, padding, Random } from '@heed/attention-core';
 * const layer = new GuidedAttention({ modelWidth: 16, heads: 2, layers: 2, random: new Random(7) });
 * const { x } = layer.forward({ guide: tf.ones([2, 6, 16]), x: tf.ones([2, 9, 16]), guideMask: padding([6, 4]) });
 * x.shape; // [2, 9, 16]
 * ```
 */
export class GuidedAttention extends Module {
  readonly guide: readonly EncoderBlock[];
  readonly guided: readonly DecoderBlock[];

  constructor({ layers, ...config }: GuidedAttentionConfig) {
    super();
    const block = { ...config, placement: 'post', norm: 'unbiased-layer' } as const;
    const numbers = Array.from({ length: layers }, (_, i) => i);
    this.guide = numbers.map((i) => new EncoderBlock({ ...block, name: `guide ${i}` }));
    this.guided = numbers.map((i) => new DecoderBlock({ ...block, sight: 'all', name: `guided ${i}` }));
  }

  /** @returns both sides in their own shape */
  forward({ guide, x, guideMask, mask, random }: GuidedAttentionInputs): { guide: tf.Tensor; x: tf.Tensor } {
    const [finished, guided] = tf.tidy(() => {
      const memory = this.guide.reduce((h, block) => block.forward(h, { mask: guideMask, random }), guide);
      const inputs = { memory, memoryMask: guideMask, mask, random };
      return [memory, this.guided.reduce((h, block) => block.forward(h, inputs), x)];
    });
    return { guide: finished, x: guided };
  }
}
