import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { requireAlignment, type Alignment } from '../masks/alignment.ts';
import { distancesOf, toeplitz } from '../positions/relative.ts';
import type { Bias } from './bias.ts';

export interface AlibiOptions {
  /** H. */
  readonly heads: number;
  /** How L queries stand against S keys when they differ. Default `bottom-right`. */
  readonly alignment?: Alignment;
}

/**
 * Attention with linear biases (ALiBi, Press et al. 2022): −m_h·|q − k|, so that every head forgets with distance at a pace of its
 * own. It needs no position embeddings and holds for lengths that were never trained.
 *
 * @throws if heads is no positive integer
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { alibi, attention, causal } from '@heed/attention-core';
 * const x = tf.ones([1, 8, 5, 4]);
 * attention({ query: x, key: x, value: x, bias: alibi({ heads: 8 }), mask: causal() }).shape; // [1, 8, 5, 4]
 * ```
 */
export function alibi({ heads, alignment = 'bottom-right' }: AlibiOptions): Bias {
  requireIntegers('alibi', { heads });
  requireAlignment('alibi', alignment);
  const slopes = alibiSlopes(heads);
  return {
    description: `alibi({ heads: ${heads} })`,
    values: (region) =>
      tf.tidy(() => {
        const { queries, keys } = region;
        const distances = tf.abs(tf.cast(distancesOf(region, alignment), 'float32')); // [B or 1, P]
        const byDistance = tf.mul(tf.expandDims(distances, 1), tf.neg(tf.tensor2d(slopes, [heads, 1]))); // [B or 1, H, P]
        return toeplitz(byDistance, queries.end - queries.start, keys.end - keys.start); // [B or 1, H, queries, keys]
      }),
  };
}

/** m_h: the powers of 2^(−8/H); where H is no power of two, those of the next lower one and every second of the next higher. */
export function alibiSlopes(heads: number): Float32Array {
  const lower = 2 ** Math.floor(Math.log2(heads));
  const powers = (count: number) => Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  const between = powers(2 * lower).filter((_, i) => i % 2 === 0);
  return Float32Array.from([...powers(lower), ...between].slice(0, heads));
}
