import * as tf from '@tensorflow/tfjs';
import { Linear, linear, weight } from '../../layers/linear.ts';
import { observeWeights } from '../../maps/observe-weights.ts';
import { Module } from '../../module/module.ts';
import { coSoftmax } from '../../normalisers/co-softmax.ts';
import type { CoAttentionConfig } from './parallel-co-attention.ts';
import { visiblePositions, type TwoSequences, type WordsAndRegions } from './two-sequences.ts';

/**
 * Pairwise co-attention: each word gets its own summary of the regions and each region its own of the words, by one affinity
 * matrix normalised both ways (Xiong et al. 2017, with the bilinear affinity of Lu et al. 2016). What was read joins the sequence by a
 * residual layer, so that widths stay and layers stack:
 *
 *     A = Q·W_b·Vᵀ;   V̂ = softmax_rows(A)·V,   Q̂ = softmax_columns(A)ᵀ·Q
 *     Q ← Q + tanh([Q; V̂]·W_q + b_q),   V ← V + tanh([V; Q̂]·W_v + b_v)
 *
 * Captured maps: `words` [B, 1, T, N], regions for each word, and `regions` [B, 1, N, T], words for each region.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { PairwiseCoAttention, Random } from '@heed/attention-core';
 * const random = new Random(7);
 * const layers = [0, 1].map(() => new PairwiseCoAttention({ wordWidth: 8, regionWidth: 12, random }));
 * const start = { words: tf.ones([2, 6, 8]), regions: tf.ones([2, 9, 12]) };
 * const end = layers.reduce((both, layer) => ({ ...both, ...layer.forward(both) }), start);
 * ```
 */
export class PairwiseCoAttention extends Module {
  /** W_b: [wordWidth, regionWidth] */
  readonly affinity: tf.Variable<tf.Rank.R2>;
  readonly wordFusion: Linear;
  readonly regionFusion: Linear;

  constructor({ wordWidth, regionWidth = wordWidth, random }: Omit<CoAttentionConfig, 'hiddenWidth'>) {
    super();
    const bound = 1 / Math.sqrt(wordWidth);
    this.affinity = weight(random.uniforms(wordWidth * regionWidth, -bound, bound), [wordWidth, regionWidth]);
    this.wordFusion = new Linear({ inputs: wordWidth + regionWidth, outputs: wordWidth, random });
    this.regionFusion = new Linear({ inputs: wordWidth + regionWidth, outputs: regionWidth, random });
  }

  /** @returns words [B, T, wordWidth] and regions [B, N, regionWidth] */
  forward({ words, regions, wordMask, regionMask }: TwoSequences): WordsAndRegions {
    const [newWords, newRegions] = tf.tidy(() => {
      const affinity = tf.matMul(linear(words, this.affinity), regions, false, true); // [B, T, N]
      const { overKeys, overQueries } = coSoftmax(tf.expandDims(affinity, 1), {
        keys: visiblePositions(regionMask, regions.shape[1]!),
        queries: visiblePositions(wordMask, words.shape[1]!),
      });
      const regionsOfWord = tf.squeeze(observeWeights('words', overKeys), [1]); // [B, T, N]
      const wordsOfRegion = tf.squeeze(observeWeights('regions', overQueries), [1]); // [B, N, T]
      return [
        fuse(words, tf.matMul(regionsOfWord, regions), this.wordFusion),
        fuse(regions, tf.matMul(wordsOfRegion, words), this.regionFusion),
      ];
    });
    return { words: newWords, regions: newRegions };
  }
}

function fuse(x: tf.Tensor, read: tf.Tensor, fusion: Linear): tf.Tensor {
  return tf.add(x, tf.tanh(fusion.forward(tf.concat([x, read], 2))));
}
