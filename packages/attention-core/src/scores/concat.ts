import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { linear, weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import { addedScores } from './additive.ts';
import type { Score } from './score.ts';

export interface ConcatScoreConfig {
  readonly queryWidth: number;
  readonly keyWidth: number;
  readonly hiddenWidth: number;
  readonly random: Random;
}

/**
 * vᵀ·tanh(W·[q; k]) (Luong et al. 2015, "concat"): additive scores whose two matrices are the upper and lower part of one, so
 * the concatenation is never built.
 */
export class ConcatScore extends Module implements Score {
  readonly name = 'concat';
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly vector: tf.Variable<tf.Rank.R2>;
  private readonly queryWidth: number;

  constructor({ queryWidth, keyWidth, hiddenWidth, random }: ConcatScoreConfig) {
    super();
    requireIntegers('ConcatScore', { queryWidth, keyWidth, hiddenWidth });
    const inputs = queryWidth + keyWidth;
    const bound = 1 / Math.sqrt(inputs);
    this.weight = weight(random.uniforms(inputs * hiddenWidth, -bound, bound), [inputs, hiddenWidth]);
    this.vector = weight(random.uniforms(hiddenWidth, -1 / Math.sqrt(hiddenWidth), 1 / Math.sqrt(hiddenWidth)), [
      hiddenWidth,
      1,
    ]);
    this.queryWidth = queryWidth;
  }

  /** @param query [..., L, queryWidth] @param key [..., S, keyWidth] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.prepared().scores(query, this.prepareKeys(key)));
  }

  /** The keys' part of W·[q; k]. @param key [..., S, keyWidth] @returns [..., S, hiddenWidth] */
  prepareKeys(key: tf.Tensor): tf.Tensor {
    const [inputs, hiddenWidth] = this.weight.shape;
    return tf.tidy(() =>
      linear(key, tf.slice(this.weight, [this.queryWidth, 0], [inputs - this.queryWidth, hiddenWidth])),
    );
  }

  /** The same score for keys that went through `prepareKeys`. */
  prepared(): Score {
    const forQuery = () => tf.slice(this.weight, [0, 0], [this.queryWidth, this.weight.shape[1]]);
    return {
      name: this.name,
      scores: (query, key) => tf.tidy(() => addedScores(linear(query, forQuery()), key, this.vector)),
    };
  }
}
