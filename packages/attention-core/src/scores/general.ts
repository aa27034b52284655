import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { linear, weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { dot } from './dot.ts';
import type { ScaledProducts, Score } from './score.ts';

export interface GeneralScoreConfig {
  readonly queryWidth: number;
  readonly keyWidth: number;
  readonly random: Random;
}

/** qᵀ·W·k (Luong et al. 2015, "general"): a dot product between spaces of different width. */
export class GeneralScore extends Module implements Score {
  readonly name = 'general';
  readonly weight: tf.Variable<tf.Rank.R2>;

  constructor({ queryWidth, keyWidth, random }: GeneralScoreConfig) {
    super();
    requireIntegers('GeneralScore', { queryWidth, keyWidth });
    const bound = 1 / Math.sqrt(queryWidth);
    this.weight = weight(random.uniforms(queryWidth * keyWidth, -bound, bound), [queryWidth, keyWidth]);
  }

  /** @param query [..., L, queryWidth] @param key [..., S, keyWidth] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    return tf.tidy(() => tf.matMul(linear(query, this.weight), key, false, true));
  }

  /** qᵀ·W and k. */
  asProducts(query: tf.Tensor, key: tf.Tensor): ScaledProducts {
    return { query: linear(query, this.weight), key, scale: 1 };
  }

  /** W·k. @param key [..., S, keyWidth] @returns [..., S, queryWidth] */
  prepareKeys(key: tf.Tensor): tf.Tensor {
    return tf.tidy(() => linear(key, tf.transpose(this.weight)));
  }

  /** The same score for keys that went through `prepareKeys`. */
  prepared(): Score {
    return { ...dot(), name: this.name };
  }
}
