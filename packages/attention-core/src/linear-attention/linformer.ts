import * as tf from '@tensorflow/tfjs';
import { attention } from '../attention/attention.ts';
import { requireIntegers } from '../arguments/require-integers.ts';
import { linear, weight } from '../layers/linear.ts';
import { Module } from '../module/module.ts';
import type { RandomStream } from '../random/random-stream.ts';
import type { Random } from '../random/random.ts';
import { zeroPadding } from './zero-padding.ts';

export interface LinformerConfig {
  /** The longest memory. */
  readonly maxLength: number;
  /** k: how many keys remain. */
  readonly projectedLength: number;
  /** Whether one projection serves keys and values. Default false. */
  readonly shared?: boolean;
  /** Dropout on the weights. Default 0. */
  readonly dropout?: number;
  /** How captured maps call this attention. Default `attention`. */
  readonly name?: string;
  readonly random: Random;
}

export interface LinformerInputs {
  /** [B, H, L, D] */
  readonly query: tf.Tensor;
  /** [B, H, S, D] */
  readonly key: tf.Tensor;
  /** [B, H, S, Dv] */
  readonly value: tf.Tensor;
  /** int32 [B]: how many keys of each sequence are real. Default: all. */
  readonly lengths?: tf.Tensor1D;
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}

/**
 * Attention to k mixtures of the keys instead of all S (Linformer, Wang et al. 2020): softmax(q·(E·K)ᵀ/√D)·(F·V) with learned E and
 * F [k, S], so that time and memory are L × k. Mixtures have no place in time, so there is no causal form.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { Linformer, Random } from '@heed/attention-core';
 * const layer = new Linformer({ maxLength: 512, projectedLength: 32, random: new Random(7) });
 * const x = tf.ones([1, 2, 300, 8]);
 * layer.forward({ query: x, key: x, value: x }).shape; // [1, 2, 300, 8]
 * ```
 */
export class Linformer extends Module {
  /** Eᵀ, [maxLength, k]. */
  readonly keyProjection: tf.Variable<tf.Rank.R2>;
  /** Fᵀ, [maxLength, k]. */
  readonly valueProjection: tf.Variable<tf.Rank.R2>;
  private readonly dropoutRate: number;
  private readonly mapName: string;

  constructor({ maxLength, projectedLength, shared = false, dropout = 0, name, random }: LinformerConfig) {
    super();
    requireIntegers('Linformer', { maxLength, projectedLength });
    const bound = 1 / Math.sqrt(projectedLength);
    const initial = () =>
      weight<tf.Rank.R2>(random.uniforms(maxLength * projectedLength, -bound, bound), [maxLength, projectedLength]);
    this.keyProjection = initial();
    this.valueProjection = shared ? this.keyProjection : initial();
    this.dropoutRate = dropout;
    this.mapName = name ?? 'attention';
  }

  /**
   * @returns [B, H, L, Dv]. The captured map is [B, H, L, k]
   * @throws if S is more than maxLength
   */
  forward({ query, key, value, lengths, random }: LinformerInputs): tf.Tensor {
    const [maxLength, projected] = this.keyProjection.shape;
    const length = key.shape[2]!;
    if (length > maxLength) {
      throw new Error(`Linformer: keys must be at most maxLength=${maxLength}, got key=[${key.shape}]`);
    }
    return tf.tidy(() => {
      const mix = (x: tf.Tensor, projection: tf.Tensor2D) => {
        const seen = tf.transpose(zeroPadding(x, lengths), [0, 1, 3, 2]); // [B, H, D, S]
        const mixed = linear(seen, tf.slice(projection, [0, 0], [length, projected])); // [B, H, D, k]
        return tf.transpose(mixed, [0, 1, 3, 2]); // [B, H, k, D]
      };
      return attention({
        query,
        key: mix(key, this.keyProjection),
        value: mix(value, this.valueProjection),
        dropout: this.dropoutRate,
        random,
        name: this.mapName,
      });
    });
  }
}
