import * as tf from '@tensorflow/tfjs';
import { weight } from '../layers/linear.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import type { Mask } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { BlockConfig } from './transformer-blocks/block-config.ts';
import { CrossAttentionBlock } from './transformer-blocks/cross-attention-block.ts';
import { EncoderBlock } from './transformer-blocks/encoder-block.ts';

export interface PerceiverConfig extends Omit<BlockConfig, 'placement' | 'name'> {
  /** N: how many latents there are. */
  readonly latents: number;
  /** Width of what is read. Default modelWidth. */
  readonly inputWidth?: number;
  /** Heads of the attention that reads. Default 1, as in the paper. */
  readonly crossHeads?: number;
  /** Self-attention blocks after each reading. */
  readonly layers: number;
  /** How often the input is read, each time with the same weights. Default 1. */
  readonly repeats?: number;
}

/**
 * Latents that read a long input (Perceiver, Jaegle et al. 2021): N learned vectors ask S inputs and then one another, so that the
 * cost is S·N + N² in place of S². For Perceiver IO's outputs, let a `CrossAttentionBlock` ask the latents. Captured maps: `read`
 * [B, crossHeads, N, S] and `latents 0`, ….
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Perceiver, Random } from '@heed/attention-core';
 * const layer = new Perceiver({ latents: 4, modelWidth: 16, heads: 2, layers: 2, inputWidth: 3, random: new Random(7) });
 * layer.forward(tf.ones([2, 1000, 3])).shape; // [2, 4, 16]
 * ```
 */
export class Perceiver extends Module {
  /** [N, M] */
  readonly latents: tf.Variable<tf.Rank.R2>;
  readonly read: CrossAttentionBlock;
  readonly blocks: readonly EncoderBlock[];
  private readonly repeats: number;

  constructor({ latents, inputWidth, crossHeads = 1, layers, repeats = 1, ...block }: PerceiverConfig) {
    super();
    requireIntegers('Perceiver', { latents, repeats });
    const { modelWidth, random } = block;
    // The paper's deviation; it cuts the normal distribution at two of them, which is left out.
    this.latents = weight(random.normals(latents * modelWidth, 0, 0.02), [latents, modelWidth]);
    this.read = new CrossAttentionBlock({
      ...block,
      heads: crossHeads,
      name: 'read',
      ...(inputWidth === undefined ? {} : { memoryWidth: inputWidth }),
    });
    this.blocks = Array.from({ length: layers }, (_, i) => new EncoderBlock({ ...block, name: `latents ${i}` }));
    this.repeats = repeats;
  }

  /** @param x [B, S, inputWidth] @param options.mask which inputs may be read @returns latents [B, N, M] */
  forward(
    x: tf.Tensor,
    { mask, random }: { readonly mask?: Mask | undefined; readonly random?: RandomStream | undefined } = {},
  ): tf.Tensor {
    return tf.tidy(() => {
      let latents: tf.Tensor = tf.mul(this.latents, tf.ones([x.shape[0], 1, 1])); // [B, N, M]
      for (let i = 0; i < this.repeats; i++) {
        const read = this.read.forward(latents, { memory: x, mask, random });
        latents = this.blocks.reduce((h, block) => block.forward(h, { random }), read);
      }
      return latents;
    });
  }
}
