import * as tf from '@tensorflow/tfjs';
import { Linear, linear, weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';
import type { Score } from './score.ts';

export interface AdditiveScoreConfig {
  readonly queryWidth: number;
  readonly keyWidth: number;
  /** Width of the space in which query and key are added. */
  readonly hiddenWidth: number;
  readonly random: Random;
}

/**
 * vᵀ·tanh(W_q·q + W_k·k) (Bahdanau et al. 2015). A decoder that asks the same keys at every step projects them once
 * (`prepareKeys`) and passes the result as the key of `prepared()`.
 */
export class AdditiveScore extends Module implements Score {
  readonly name = 'additive';
  readonly query: Linear;
  readonly key: Linear;
  readonly vector: tf.Variable<tf.Rank.R2>;

  constructor({ queryWidth, keyWidth, hiddenWidth, random }: AdditiveScoreConfig) {
    super();
    this.query = new Linear({ inputs: queryWidth, outputs: hiddenWidth, bias: false, random });
    this.key = new Linear({ inputs: keyWidth, outputs: hiddenWidth, bias: false, random });
    const bound = 1 / Math.sqrt(hiddenWidth);
    this.vector = weight(random.uniforms(hiddenWidth, -bound, bound), [hiddenWidth, 1]);
  }

  /** @param query [..., L, queryWidth] @param key [..., S, keyWidth] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.prepared().scores(query, this.prepareKeys(key)));
  }

  /** W_k·k. @param key [..., S, keyWidth] @returns [..., S, hiddenWidth] */
  prepareKeys(key: tf.Tensor): tf.Tensor {
    return this.key.forward(key);
  }

  /** The same score for keys that went through `prepareKeys`. */
  prepared(): Score {
    return {
      name: this.name,
      scores: (query, key) => tf.tidy(() => addedScores(this.query.forward(query), key, this.vector)),
    };
  }
}

/**
 * vᵀ·tanh(q + k) for every pair.
 *
 * @param query [..., L, A] already projected
 * @param key [..., S, A] already projected
 * @param vector [A, 1]
 * @returns [..., L, S]
 */
export function addedScores(query: tf.Tensor, key: tf.Tensor, vector: tf.Tensor2D): tf.Tensor {
  const pairs = tf.tanh(tf.add(tf.expandDims(query, -2), tf.expandDims(key, -3))); // [..., L, S, A]
  return tf.squeeze(linear(pairs, vector), [-1]); // [..., L, S]
}
