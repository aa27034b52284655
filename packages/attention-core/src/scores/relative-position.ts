import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from '../layers/linear.ts';
import type { Alignment } from '../masks/alignment.ts';
import type { MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import { distancesOf, rowsByDistance, skew } from '../positions/relative.ts';
import type { Random } from '../random/random.ts';
import { regionOf, unfoldHeads, type Score } from './score.ts';

export interface RelativePositionScoreConfig {
  /** D: width of each head. */
  readonly headWidth: number;
  /** Distances further than this share the vector of this distance. */
  readonly maxDistance: number;
  /** `both`: vectors for keys before and after the query (Shaw). `past`: for keys up to the query (Music Transformer); later ones add 0. */
  readonly direction: 'both' | 'past';
  /** H, for vectors of their own for each head. Default: all heads share them. */
  readonly heads?: number;
  /** What the scores are multiplied by. Default 1/√D. */
  readonly scale?: number;
  readonly random: Random;
}

/**
 * (q·k + q·a_{k−q})/√D: scaled dot products with a learned vector for each distance (Shaw et al. 2018; Music Transformer, Huang
 * et al. 2018). The distances are skewed into place, so memory is L × S, not L × S × D.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, causal, Random, RelativePositionScore } from '@heed/attention-core';
 * const score = new RelativePositionScore({ headWidth: 4, maxDistance: 8, direction: 'past', random: new Random(7) });
 * const x = tf.ones([1, 2, 5, 4]);
 * attention({ query: x, key: x, value: x, score, mask: causal() }).shape; // [1, 2, 5, 4]
 * ```
 */
export class RelativePositionScore extends Module implements Score {
  readonly name = 'relative-position';
  /** [distances, D] or [H, distances, D]: from −maxDistance to maxDistance, or to 0. */
  readonly weight: tf.Variable;
  private readonly maxDistance: number;
  private readonly direction: 'both' | 'past';
  private readonly scale: number;

  constructor({ headWidth, maxDistance, direction, heads, scale, random }: RelativePositionScoreConfig) {
    super();
    requireIntegers('RelativePositionScore', { headWidth, maxDistance });
    if (heads !== undefined) requireIntegers('RelativePositionScore', { heads });
    const distances = direction === 'both' ? 2 * maxDistance + 1 : maxDistance + 1;
    const shape = heads === undefined ? [distances, headWidth] : [heads, distances, headWidth];
    this.weight = weight(random.normals(tf.util.sizeFromShape(shape), 0, headWidth ** -0.5), shape);
    this.maxDistance = maxDistance;
    this.direction = direction;
    this.scale = scale ?? headWidth ** -0.5;
  }

  /** @param query [..., L, D] @param key [..., S, D] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor, region: MaskRegion = regionOf(query, key)): tf.Tensor {
    return this.at('bottom-right').scores(query, key, region);
  }

  /** The same score for queries that stand elsewhere, as those of a static key/value cache do. */
  at(alignment: Alignment): Score {
    return {
      name: this.name,
      scores: (query, key, region = regionOf(query, key)) =>
        tf.tidy(() => {
          const scaled = tf.mul(query, this.scale);
          const vectors = this.vectorsOf(distancesOf(region, alignment)); // [P, D], [H, P, D] or [B, P, D]
          const relative = relativeScores(unfoldHeads(scaled, region), vectors, key.shape.at(-2)!);
          const content = tf.matMul(scaled, key, false, true);
          return tf.add(content, tf.reshape(relative, content.shape));
        }),
    };
  }

  private vectorsOf(distances: tf.Tensor2D): tf.Tensor {
    if (distances.shape[0] !== 1) {
      throw new Error(
        `RelativePositionScore: alignment must be the same for all sequences, got a tensor [${distances.shape[0]}]`,
      );
    }
    const row = tf.squeeze(distances, [0]); // [P]
    const table = this.weight.rank === 2 ? this.weight : tf.transpose(this.weight, [1, 0, 2]); // [distances, (H,) D]
    const rows = rowsByDistance(table, row, this.maxDistance); // [P, (H,) D]
    const vectors = this.weight.rank === 2 ? rows : tf.transpose(rows, [1, 0, 2]); // [P, D] or [H, P, D]
    if (this.direction === 'both') return vectors;
    const known = tf.cast(tf.lessEqual(row, tf.scalar(0, 'int32')), 'float32');
    return tf.mul(vectors, tf.expandDims(known, 1));
  }
}

/**
 * q·a_{k−q} for every query and key.
 *
 * @param query [..., L, D], or [B, H, L, D] where heads have vectors of their own
 * @param vectors [P, D] or [H, P, D], in the order of `distancesOf`
 * @returns [..., L, S]
 */
export function relativeScores(query: tf.Tensor, vectors: tf.Tensor, keys: number): tf.Tensor {
  const leading = query.shape.slice(0, -1);
  const width = query.shape.at(-1)!;
  if (vectors.rank === 2) {
    const product = tf.matMul(tf.reshape(query, [-1, width]), vectors as tf.Tensor2D, false, true);
    return skew(tf.reshape(product, [...leading, -1]), keys);
  }
  const [batch, heads, queries] = query.shape as [number, number, number];
  const byHead = tf.reshape(tf.transpose(query, [1, 0, 2, 3]), [heads, batch * queries, width]);
  const product = tf.reshape(tf.matMul(byHead, vectors, false, true), [heads, batch, queries, -1]); // [H, B, L, P]
  return skew(tf.transpose(product, [1, 0, 2, 3]), keys);
}
