import * as tf from '@tensorflow/tfjs';
import { linear, weight } from '../../layers/linear.ts';
import { observeWeights } from '../../maps/observe-weights.ts';
import type { Mask } from '../../masks/mask.ts';
import { Module } from '../../module/module.ts';
import { softmax } from '../../normalisers/softmax.ts';
import type { Random } from '../../random/random.ts';
import type { CoAttentionConfig } from './parallel-co-attention.ts';
import { visiblePositions, type TwoSequences, type WordsAndRegions } from './two-sequences.ts';

export interface AlternatingCoAttentionConfig extends CoAttentionConfig {
  /** 3, as in the paper: words, regions in their light, words in the regions' light; 2 leaves out the last. Default 3. */
  readonly passes?: 2 | 3;
}

/**
 * Alternating co-attention (Lu et al. 2016): the words are pooled by themselves, then the regions guided by the words' vector, then
 * the words guided by the regions' vector. One pass over the rows x of X with guide g:
 *
 *     H = tanh(X·W_x + 1·(g·W_g)),   a = softmax(H·w),   x̂ = Σ a·x
 *
 * Every pass has weights of its own. Captured maps: `words`, `regions` and, in the third pass, `words#2`.
 *
 * @throws if passes is neither 2 nor 3
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { AlternatingCoAttention, Random } from '@heed/attention-core';
 * const layer = new AlternatingCoAttention({ wordWidth: 8, regionWidth: 12, random: new Random(7) });
 * layer.forward({ words: tf.ones([2, 6, 8]), regions: tf.ones([2, 9, 12]) }).words.shape; // [2, 8]
 * ```
 */
export class AlternatingCoAttention extends Module {
  readonly first: GuidedPooling;
  readonly second: GuidedPooling;
  readonly third: GuidedPooling | undefined;

  constructor(config: AlternatingCoAttentionConfig) {
    super();
    const { wordWidth, regionWidth = wordWidth, hiddenWidth = wordWidth, passes = 3, random } = config;
    if (passes !== 2 && passes !== 3) {
      throw new Error(`AlternatingCoAttention: passes must be 2 or 3, got ${String(passes)}`);
    }
    this.first = new GuidedPooling(wordWidth, undefined, hiddenWidth, random);
    this.second = new GuidedPooling(regionWidth, wordWidth, hiddenWidth, random);
    this.third = passes === 3 ? new GuidedPooling(wordWidth, regionWidth, hiddenWidth, random) : undefined;
  }

  /** @returns words [B, wordWidth] and regions [B, regionWidth] */
  forward({ words, regions, wordMask, regionMask }: TwoSequences): WordsAndRegions {
    const [pooledWords, pooledRegions] = tf.tidy(() => {
      const alone = this.first.forward('words', words, undefined, wordMask); // [B, wordWidth]
      const guided = this.second.forward('regions', regions, alone, regionMask); // [B, regionWidth]
      return [this.third?.forward('words', words, guided, wordMask) ?? alone, guided];
    });
    return { words: pooledWords, regions: pooledRegions };
  }
}

/** One pass. */
class GuidedPooling extends Module {
  /** W_x: [width, k] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  /** W_g: [guideWidth, k] */
  readonly guide: tf.Variable<tf.Rank.R2> | undefined;
  /** w: [k, 1] */
  readonly vector: tf.Variable<tf.Rank.R2>;

  constructor(width: number, guideWidth: number | undefined, hiddenWidth: number, random: Random) {
    super();
    const matrix = (inputs: number, outputs: number) => {
      const bound = 1 / Math.sqrt(inputs);
      return weight<tf.Rank.R2>(random.uniforms(inputs * outputs, -bound, bound), [inputs, outputs]);
    };
    this.weight = matrix(width, hiddenWidth);
    this.guide = guideWidth === undefined ? undefined : matrix(guideWidth, hiddenWidth);
    this.vector = matrix(hiddenWidth, 1);
  }

  /** @param x [B, L, D] @param guide [B, G] @returns [B, D] */
  forward(name: string, x: tf.Tensor, guide: tf.Tensor | undefined, mask: Mask | undefined): tf.Tensor {
    const length = x.shape[1]!;
    const own = linear(x, this.weight); // [B, L, k]
    const guided =
      guide === undefined || this.guide === undefined ? own : tf.add(own, tf.expandDims(linear(guide, this.guide), 1));
    const scores = tf.reshape(linear(tf.tanh(guided), this.vector), [-1, 1, 1, length]); // [B, 1, 1, L]
    const weights = observeWeights(name, softmax().weights(scores, visiblePositions(mask, length)));
    return tf.squeeze(tf.matMul(tf.squeeze(weights, [1]), x), [1]);
  }
}
