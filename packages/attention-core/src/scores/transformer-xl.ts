import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { Linear, weight } from '../layers/linear.ts';
import type { MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import { distancesOf } from '../positions/relative.ts';
import { encodePositions } from '../positions/sinusoidal.ts';
import type { Random } from '../random/random.ts';
import { relativeScores } from './relative-position.ts';
import { regionOf, unfoldHeads, type Score } from './score.ts';

export interface TransformerXlScoreConfig {
  /** H. */
  readonly heads: number;
  /** D: width of each head. */
  readonly headWidth: number;
  /** Width of the sinusoids; even. Default H · D. */
  readonly positionWidth?: number;
  readonly random: Random;
}

/**
 * ((q + u)·k + (q + v)·W_R·R_{q−k})/√D (Transformer-XL, Dai et al. 2019; the Conformer and GTrXL use it too): sinusoids R of the
 * distance through a learned matrix, and two learned queries u and v for each head that ask without regard to the query.
 * Queries are the last of the keys, so that a memory may stand before them.
 */
export class TransformerXlScore extends Module implements Score {
  readonly name = 'transformer-xl';
  readonly position: Linear;
  /** u, [H, 1, D]. */
  readonly contentBias: tf.Variable<tf.Rank.R3>;
  /** v, [H, 1, D]. */
  readonly positionBias: tf.Variable<tf.Rank.R3>;

  constructor({ heads, headWidth, positionWidth = heads * headWidth, random }: TransformerXlScoreConfig) {
    super();
    requireIntegers('TransformerXlScore', { heads, headWidth });
    this.position = new Linear({ inputs: positionWidth, outputs: heads * headWidth, bias: false, random });
    const bound = headWidth ** -0.5;
    const initial = () => weight(random.uniforms(heads * headWidth, -bound, bound), [heads, 1, headWidth] as const);
    this.contentBias = initial() as tf.Variable<tf.Rank.R3>;
    this.positionBias = initial() as tf.Variable<tf.Rank.R3>;
  }

  /** @param query [B, H, L, D] @param key [B, H, S, D] @returns [B, H, L, S] */
  scores(query: tf.Tensor, key: tf.Tensor, region: MaskRegion = regionOf(query, key)): tf.Tensor {
    const [heads, , width] = this.contentBias.shape;
    return tf.tidy(() => {
      const unfolded = unfoldHeads(query, region); // [B, H, L, D]
      const scale = width ** -0.5;
      const withContent = tf.mul(tf.add(unfolded, this.contentBias), scale);
      const withPosition = tf.mul(tf.add(unfolded, this.positionBias), scale);
      const back = tf.neg(tf.squeeze(distancesOf(region, 'bottom-right'), [0])); // q − k, [P]
      const sinusoids = encodePositions(back, this.position.weight.shape[0], { layout: 'halves' }); // [P, positionWidth]
      const vectors = tf.reshape(this.position.forward(sinusoids), [-1, heads, width]); // [P, H, D]
      const relative = relativeScores(withPosition, tf.transpose(vectors, [1, 0, 2]), key.shape.at(-2)!);
      const content = tf.matMul(tf.reshape(withContent, query.shape), key, false, true);
      return tf.add(content, tf.reshape(relative, content.shape));
    });
  }
}
