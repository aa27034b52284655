import * as tf from '@tensorflow/tfjs';
import { attention } from '../attention/attention.ts';
import { dropout } from '../layers/dropout.ts';
import { Linear, weight } from '../layers/linear.ts';
import type { Mask } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Random } from '../random/random.ts';
import { dot } from '../scores/dot.ts';

export interface AttentionPoolingConfig {
  /** D: width of what is pooled. */
  readonly width: number;
  /** A: width of the space in which positions are judged. Default D. */
  readonly hiddenWidth?: number;
  /** Default `tanh`. */
  readonly activation?: 'tanh' | 'relu';
  /** Dropout after the activation. Default 0. */
  readonly dropout?: number;
  /** How captured maps call this attention. Default `pooling`. */
  readonly name?: string;
  readonly random: Random;
}

export interface AttentionPoolingInputs {
  /** Which positions count: broadcastable to [B, 1, 1, L], or [B, N, 1, L] for N sequences per example. */
  readonly mask?: Mask | undefined;
  readonly random?: RandomStream | undefined;
}

/**
 * A sequence as one vector: positions weighted by how well they fit a learned context vector (Yang et al. 2016, HAN).
 *
 *     u_i = tanh(W·h_i + b),   α = softmax(uᵀ·context),   result = Σ α_i·h_i
 *
 * A sequence without any visible position gives 0.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { AttentionPooling, padding, Random } from '@heed/attention-core';
 * const pooling = new AttentionPooling({ width: 8, random: new Random(7) });
 * pooling.forward(tf.ones([2, 5, 8]), { mask: padding([5, 3]) }).shape; // [2, 8]
 * ```
 */
export class AttentionPooling extends Module {
  readonly hidden: Linear;
  /** [1, A] */
  readonly context: tf.Variable<tf.Rank.R2>;
  private readonly activation: 'tanh' | 'relu';
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor({ width, hiddenWidth = width, activation = 'tanh', dropout = 0, name, random }: AttentionPoolingConfig) {
    super();
    this.hidden = new Linear({ inputs: width, outputs: hiddenWidth, random });
    const bound = 1 / Math.sqrt(hiddenWidth);
    this.context = weight(random.uniforms(hiddenWidth, -bound, bound), [1, hiddenWidth]);
    this.activation = activation;
    this.dropoutRate = dropout;
    this.mapName = name ?? 'pooling';
  }

  /**
   * @param x [B, L, D], or [B, N, L, D] for N sequences per example (their maps are captured as N heads)
   * @returns [B, D], or [B, N, D]
   */
  forward(x: tf.Tensor, { mask, random }: AttentionPoolingInputs = {}): tf.Tensor {
    return tf.tidy(() => {
      const hidden = this.hidden.forward(x); // [..., L, A]
      const judged = this.activation === 'tanh' ? tf.tanh(hidden) : tf.relu(hidden);
      const leading = x.shape.slice(0, -2);
      const query = tf.mul(this.context, tf.ones([...leading, 1, 1])); // [..., 1, A]
      const key = dropout(judged, this.dropoutRate, random);
      const pooled = attention({ query, key, value: x, score: dot(), mask, name: this.mapName }); // [..., 1, D]
      return tf.squeeze(pooled, [leading.length]);
    });
  }
}
