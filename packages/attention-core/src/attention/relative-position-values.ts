import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from '../layers/linear.ts';
import { wholeRegion, type MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import { distancesOf, rowsByDistance, unskew } from '../positions/relative.ts';
import type { Random } from '../random/random.ts';
import { unfoldHeads } from '../scores/score.ts';
import type { Combiner } from './combiner.ts';

export interface RelativePositionValuesConfig {
  /** Dv: width of each value head. */
  readonly headWidth: number;
  /** Distances further than this share the vector of this distance. */
  readonly maxDistance: number;
  readonly random: Random;
}

/**
 * Σ w·(v + a_{k−q}): values with a learned vector for each distance (Shaw et al. 2018), the other half of that paper's attention
 * beside `RelativePositionScore`. All heads share the vectors.
 */
export class RelativePositionValues extends Module implements Combiner {
  readonly name = 'relative-position-values';
  /** [2 · maxDistance + 1, Dv] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  private readonly maxDistance: number;

  constructor({ headWidth, maxDistance, random }: RelativePositionValuesConfig) {
    super();
    requireIntegers('RelativePositionValues', { headWidth, maxDistance });
    const rows = 2 * maxDistance + 1;
    this.weight = weight(random.normals(rows * headWidth, 0, headWidth ** -0.5), [rows, headWidth]);
    this.maxDistance = maxDistance;
  }

  /** @param weights [..., L, S] @param value [..., S, Dv] @returns [..., L, Dv] */
  combine(
    weights: tf.Tensor,
    value: tf.Tensor,
    region: MaskRegion = wholeRegion(weights.shape.at(-2)!, weights.shape.at(-1)!),
  ): tf.Tensor {
    return tf.tidy(() => {
      const sums = tf.matMul(weights, value);
      const byDistance = unskew(unfoldHeads(weights, region)); // [..., L, P]
      const distances = tf.squeeze(distancesOf(region, 'bottom-right'), [0]); // [P]
      const vectors = rowsByDistance(this.weight, distances, this.maxDistance) as tf.Tensor2D; // [P, Dv]
      const relative = tf.matMul(tf.reshape(byDistance, [-1, byDistance.shape.at(-1)!]), vectors);
      return tf.add(sums, tf.reshape(relative, sums.shape));
    });
  }
}
