import * as tf from '@tensorflow/tfjs';
import { linear, weight } from '../../layers/linear.ts';
import { observeWeights } from '../../maps/observe-weights.ts';
import { Module } from '../../module/module.ts';
import { softmax } from '../../normalisers/softmax.ts';
import type { Random } from '../../random/random.ts';
import {
  hidePositions,
  visibleColumn,
  visiblePositions,
  type TwoSequences,
  type WordsAndRegions,
} from './two-sequences.ts';

export interface CoAttentionConfig {
  readonly wordWidth: number;
  /** Default wordWidth. */
  readonly regionWidth?: number;
  /** k: width of the space in which both sides are judged. Default wordWidth. */
  readonly hiddenWidth?: number;
  readonly random: Random;
}

/**
 * Parallel co-attention (Lu et al. 2016, "Hierarchical question-image co-attention"): both sides are pooled at once, each judged in
 * the light of the other. Q are the words and V the regions, as rows:
 *
 *     C = tanh(Q·W_b·Vᵀ)
 *     H_v = tanh(V·W_v + Cᵀ·(Q·W_q)),   H_q = tanh(Q·W_q + C·(V·W_v))
 *     a_v = softmax(H_v·w_v),   a_q = softmax(H_q·w_q);   v̂ = Σ a_v·v,   q̂ = Σ a_q·q
 *
 * Captured maps: `words` [B, 1, 1, T] and `regions` [B, 1, 1, N].
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { padding, ParallelCoAttention, Random } from '@heed/attention-core';
 * const layer = new ParallelCoAttention({ wordWidth: 8, regionWidth: 12, random: new Random(7) });
 * const inputs = { words: tf.ones([2, 6, 8]), regions: tf.ones([2, 9, 12]), wordMask: padding([6, 4]) };
 * layer.forward(inputs).regions.shape; // [2, 12]
 * ```
 */
export class ParallelCoAttention extends Module {
  /** W_b: [wordWidth, regionWidth] */
  readonly affinity: tf.Variable<tf.Rank.R2>;
  /** W_q: [wordWidth, k] */
  readonly wordWeight: tf.Variable<tf.Rank.R2>;
  /** W_v: [regionWidth, k] */
  readonly regionWeight: tf.Variable<tf.Rank.R2>;
  /** w_q: [k, 1] */
  readonly wordVector: tf.Variable<tf.Rank.R2>;
  /** w_v: [k, 1] */
  readonly regionVector: tf.Variable<tf.Rank.R2>;

  constructor({ wordWidth, regionWidth = wordWidth, hiddenWidth = wordWidth, random }: CoAttentionConfig) {
    super();
    const matrix = (inputs: number, outputs: number) => {
      const bound = 1 / Math.sqrt(inputs);
      return weight<tf.Rank.R2>(random.uniforms(inputs * outputs, -bound, bound), [inputs, outputs]);
    };
    this.affinity = matrix(wordWidth, regionWidth);
    this.wordWeight = matrix(wordWidth, hiddenWidth);
    this.regionWeight = matrix(regionWidth, hiddenWidth);
    this.wordVector = matrix(hiddenWidth, 1);
    this.regionVector = matrix(hiddenWidth, 1);
  }

  /** @returns words [B, wordWidth] and regions [B, regionWidth] */
  forward({ words, regions, wordMask, regionMask }: TwoSequences): WordsAndRegions {
    const [wordCount, regionCount] = [words.shape[1]!, regions.shape[1]!];
    const [pooledWords, pooledRegions] = tf.tidy(() => {
      const affinity = tf.tanh(tf.matMul(linear(words, this.affinity), regions, false, true)); // [B, T, N]
      const ofWords = linear(words, this.wordWeight); // [B, T, k]
      const ofRegions = linear(regions, this.regionWeight); // [B, N, k]
      const visibleWords = hidePositions(ofWords, visibleColumn(wordMask, wordCount));
      const visibleRegions = hidePositions(ofRegions, visibleColumn(regionMask, regionCount));
      const judgedRegions = tf.tanh(tf.add(ofRegions, tf.matMul(affinity, visibleWords, true, false))); // [B, N, k]
      const judgedWords = tf.tanh(tf.add(ofWords, tf.matMul(affinity, visibleRegions))); // [B, T, k]
      const pool = (name: string, x: tf.Tensor, judged: tf.Tensor, vector: tf.Tensor2D, mask: typeof wordMask) => {
        const scores = tf.reshape(linear(judged, vector), [-1, 1, 1, x.shape[1]!]); // [B, 1, 1, L]
        const weights = observeWeights(name, softmax().weights(scores, visiblePositions(mask, x.shape[1]!)));
        return tf.squeeze(tf.matMul(tf.squeeze(weights, [1]), x), [1]); // [B, D]
      };
      return [
        pool('words', words, judgedWords, this.wordVector, wordMask),
        pool('regions', regions, judgedRegions, this.regionVector, regionMask),
      ];
    });
    return { words: pooledWords, regions: pooledRegions };
  }
}
