import * as tf from '@tensorflow/tfjs';
import { splitHeads } from '../../attention/multi-head-attention.ts';
import { dropout } from '../../layers/dropout.ts';
import { requireIntegers } from '../../arguments/require-integers.ts';
import { Linear, weight } from '../../layers/linear.ts';
import { observeWeights } from '../../maps/observe-weights.ts';
import type { Mask } from '../../masks/mask.ts';
import { Module } from '../../module/module.ts';
import { coSoftmax } from '../../normalisers/co-softmax.ts';
import type { Visibility } from '../../normalisers/normaliser.ts';
import type { RandomStream } from '../../random/random-stream.ts';
import type { Random } from '../../random/random.ts';
import { visiblePositions, type TwoSequences, type WordsAndRegions } from './two-sequences.ts';

export interface DenseCoAttentionConfig {
  /** d: width of words and regions alike. */
  readonly width: number;
  /** h: how many maps are averaged. */
  readonly heads: number;
  /** K: learned places on each side to look at when nothing fits. Default 3. */
  readonly nones?: number;
  /** Dropout before the fusion. Default 0. */
  readonly dropout?: number;
  readonly random: Random;
}

/**
 * A layer of the dense symmetric co-attention network (Nguyen & Okatani 2018, DCN): every word attends to every region and the other
 * way round, by the same affinities. Learned "none" vectors stand before both sequences, X′ = [none; X].
 *
 *     A_i = (X′·W_x)_i·(Y′·W_y)_iᵀ / √(d/h) for each head i
 *     Ŷ = mean_i softmax_rows(A_i)·Y′,   X̂ = mean_i softmax_columns(A_i)ᵀ·X′
 *     X ← X + relu([X; Ŷ]·U_x + b_x),   Y ← Y + relu([Y; X̂]·U_y + b_y)
 *
 * Layers stack: the result takes the place of the inputs. Captured maps: `words` [B, h, T, K + N] and `regions` [B, h, N, K + T], the
 * first K columns being the nones.
 *
 * @throws if width is no multiple of heads
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { DenseCoAttention, padding, Random } from '@heed/attention-core';
 * const layer = new DenseCoAttention({ width: 8, heads: 2, random: new Random(7) });
 * const inputs = { words: tf.ones([2, 6, 8]), regions: tf.ones([2, 9, 8]), wordMask: padding([6, 4]) };
 * layer.forward(inputs).words.shape; // [2, 6, 8]
 * ```
 */
export class DenseCoAttention extends Module {
  readonly wordProjection: Linear;
  readonly regionProjection: Linear;
  /** [K, d] */
  readonly wordNones: tf.Variable<tf.Rank.R2>;
  /** [K, d] */
  readonly regionNones: tf.Variable<tf.Rank.R2>;
  readonly wordFusion: Linear;
  readonly regionFusion: Linear;
  private readonly heads: number;
  private readonly nones: number;
  private readonly dropoutRate: number;

  constructor({ width, heads, nones = 3, dropout = 0, random }: DenseCoAttentionConfig) {
    super();
    requireIntegers('DenseCoAttention', { heads, nones });
    if (width % heads !== 0) {
      throw new Error(`DenseCoAttention: width must be a multiple of heads, got width=${width}, heads=${heads}`);
    }
    this.wordProjection = new Linear({ inputs: width, outputs: width, bias: false, random });
    this.regionProjection = new Linear({ inputs: width, outputs: width, bias: false, random });
    this.wordNones = weight(random.normals(nones * width), [nones, width]);
    this.regionNones = weight(random.normals(nones * width), [nones, width]);
    this.wordFusion = new Linear({ inputs: 2 * width, outputs: width, random });
    this.regionFusion = new Linear({ inputs: 2 * width, outputs: width, random });
    this.heads = heads;
    this.nones = nones;
    this.dropoutRate = dropout;
  }

  /** @returns words [B, T, d] and regions [B, N, d] */
  forward(inputs: TwoSequences & { readonly random?: RandomStream | undefined }): WordsAndRegions {
    const { words, regions, wordMask, regionMask, random } = inputs;
    const { heads, nones } = this;
    const [wordCount, regionCount] = [words.shape[1]!, regions.shape[1]!];
    const [newWords, newRegions] = tf.tidy(() => {
      const allWords = this.withNones(words, this.wordNones); // [B, K + T, d]
      const allRegions = this.withNones(regions, this.regionNones); // [B, K + N, d]
      const ofWords = splitHeads(this.wordProjection.forward(allWords), heads); // [B, h, K + T, d/h]
      const ofRegions = splitHeads(this.regionProjection.forward(allRegions), heads); // [B, h, K + N, d/h]
      const scaled = tf.mul(ofWords, 1 / Math.sqrt(ofWords.shape[3]));
      const { overKeys, overQueries } = coSoftmax(tf.matMul(scaled, ofRegions, false, true), {
        keys: this.visible(regionMask, regionCount),
        queries: this.visible(wordMask, wordCount),
      }); // [B, h, K + T, K + N] and [B, h, K + N, K + T]
      const regionsOfWord = observeWeights('words', tf.slice(overKeys, [0, 0, nones, 0], [-1, -1, wordCount, -1]));
      const wordsOfRegion = observeWeights(
        'regions',
        tf.slice(overQueries, [0, 0, nones, 0], [-1, -1, regionCount, -1]),
      );
      const fuse = (x: tf.Tensor, weights: tf.Tensor4D, other: tf.Tensor, fusion: Linear) => {
        const read = tf.matMul(tf.mean(weights, 1), other); // [B, L, d]
        return tf.add(x, tf.relu(fusion.forward(dropout(tf.concat([x, read], 2), this.dropoutRate, random))));
      };
      return [
        fuse(words, regionsOfWord, allRegions, this.wordFusion),
        fuse(regions, wordsOfRegion, allWords, this.regionFusion),
      ];
    });
    return { words: newWords, regions: newRegions };
  }

  private withNones(x: tf.Tensor, nones: tf.Tensor2D): tf.Tensor {
    return tf.concat([tf.mul(nones, tf.ones([x.shape[0], 1, 1])), x], 1);
  }

  /** Nones can always be seen. */
  private visible(mask: Mask | undefined, length: number): Visibility | undefined {
    const positions = visiblePositions(mask, length);
    if (positions === undefined) return undefined;
    const allowed = tf.pad(
      tf.reshape(tf.cast(positions.allowed, 'int32'), [-1, length]),
      [
        [0, 0],
        [this.nones, 0],
      ],
      1,
    ); // [B, K + length]
    return { allowed: tf.cast(tf.reshape(allowed, [-1, 1, 1, this.nones + length]), 'bool'), mayHideAll: false };
  }
}
