import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { linear, weight } from '../layers/linear.ts';
import type { MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { regionOf, type Score } from './score.ts';

export interface LocationScoreConfig {
  readonly queryWidth: number;
  /** The longest memory that can be scored. */
  readonly maxLength: number;
  readonly random: Random;
}

/**
 * W·q (Luong et al. 2015, "location"): the query alone says where to look; what the keys hold is not asked. Position s has
 * the score W_s·q.
 */
export class LocationScore extends Module implements Score {
  readonly name = 'location';
  readonly weight: tf.Variable<tf.Rank.R2>;

  constructor({ queryWidth, maxLength, random }: LocationScoreConfig) {
    super();
    requireIntegers('LocationScore', { queryWidth, maxLength });
    const bound = 1 / Math.sqrt(queryWidth);
    this.weight = weight(random.uniforms(queryWidth * maxLength, -bound, bound), [queryWidth, maxLength]);
  }

  /**
   * @param query [..., L, queryWidth] @param key [..., S, any] @returns [..., L, S]
   * @throws if S is more than maxLength
   */
  scores(query: tf.Tensor, key: tf.Tensor, region: MaskRegion = regionOf(query, key)): tf.Tensor {
    const [queryWidth, maxLength] = this.weight.shape;
    const { start, end } = region.keys;
    if (end > maxLength) {
      throw new Error(`LocationScore: keys must be at most maxLength=${maxLength}, got ${region.keyLength}`);
    }
    return tf.tidy(() => linear(query, tf.slice(this.weight, [0, start], [queryWidth, end - start])));
  }
}
