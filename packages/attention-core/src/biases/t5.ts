import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { weight } from '../layers/linear.ts';
import type { Alignment } from '../masks/alignment.ts';
import type { MaskRegion } from '../masks/mask.ts';
import { Module } from '../module/module.ts';
import { distancesOf, rowsByDistance, toeplitz } from '../positions/relative.ts';
import type { Random } from '../random/random.ts';
import type { Bias } from './bias.ts';

export interface T5BiasConfig {
  /** H. */
  readonly heads: number;
  /** Rows of the table; even, at least 4. Default 32. */
  readonly buckets?: number;
  /** Distances from here on share a bucket. Default 128. */
  readonly maxDistance?: number;
  /** Whether keys before and after the query have buckets of their own (an encoder), or later ones share the first (a decoder). */
  readonly direction: 'both' | 'past';
  readonly random: Random;
}

/**
 * T5's relative position bias (Raffel et al. 2020): a learned number for each head and bucket of distances; near distances have a
 * bucket each, farther ones share logarithmically wider ones. Hugging Face keeps the table as
 * `relative_attention_bias.weight`.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, Random, T5Bias } from '@heed/attention-core';
 * const bias = new T5Bias({ heads: 2, direction: 'both', random: new Random(7) });
 * const x = tf.ones([1, 2, 5, 4]);
 * attention({ query: x, key: x, value: x, bias }).shape; // [1, 2, 5, 4]
 * ```
 */
export class T5Bias extends Module implements Bias {
  /** [buckets, H] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  readonly description: string;
  private readonly bucketOf: Int32Array;

  constructor({ heads, buckets = 32, maxDistance = 128, direction, random }: T5BiasConfig) {
    super();
    requireIntegers('T5Bias', { heads });
    if (!Number.isInteger(buckets) || buckets < 4 || buckets % 2 !== 0 || !(maxDistance >= buckets / 2)) {
      throw new Error(
        `T5Bias: buckets must be even and at least 4, and maxDistance at least half of them, got buckets=${buckets}, maxDistance=${maxDistance}`,
      );
    }
    this.weight = weight(random.normals(buckets * heads, 0, 0.02), [buckets, heads]);
    this.description = `T5Bias({ heads: ${heads}, buckets: ${buckets}, direction: '${direction}' })`;
    this.bucketOf = Int32Array.from({ length: 2 * maxDistance + 1 }, (_, i) =>
      t5Bucket(i - maxDistance, { buckets, maxDistance, direction }),
    );
  }

  /** The last query standing at the last key. @returns [1, H, queries, keys] */
  values(region: MaskRegion): tf.Tensor {
    return this.at('bottom-right').values(region);
  }

  /** The same bias for queries that stand elsewhere, as those of a static key/value cache do. */
  at(alignment: Alignment): Bias {
    return {
      description: this.description,
      values: (region) =>
        tf.tidy(() => {
          const { queries, keys } = region;
          const table = tf.gather(this.weight, tf.tensor1d(this.bucketOf, 'int32')); // [2 · maxDistance + 1, H]
          const middle = (this.bucketOf.length - 1) / 2;
          const byDistance = rowsByDistance(table, distancesOf(region, alignment), middle); // [B or 1, P, H]
          const byHead = tf.transpose(byDistance, [0, 2, 1]); // [B or 1, H, P]
          return toeplitz(byHead, queries.end - queries.start, keys.end - keys.start); // [B or 1, H, queries, keys]
        }),
    };
  }
}

/** The bucket of a distance k − q. Computed in float32, as the published weights were trained with. */
export function t5Bucket(
  distance: number,
  { buckets, maxDistance, direction }: { buckets: number; maxDistance: number; direction: 'both' | 'past' },
): number {
  const available = direction === 'both' ? buckets / 2 : buckets;
  const first = direction === 'both' && distance > 0 ? available : 0;
  const steps = direction === 'both' ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(available / 2);
  if (steps < exact) return first + steps;
  const { fround } = Math;
  if (maxDistance <= exact) return first + available - 1; // no logarithmic buckets: what is not near shares the last
  const share = fround(fround(Math.log(fround(steps / exact))) / fround(Math.log(maxDistance / exact)));
  return first + Math.min(available - 1, exact + Math.trunc(fround(share * (available - exact))));
}
