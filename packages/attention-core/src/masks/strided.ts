import { requireIntegers } from '../arguments/require-integers.ts';
import * as tf from '@tensorflow/tfjs';
import { describeAlignment, knownStart, requireAlignment, type Alignment } from './alignment.ts';
import { startIn, type Mask, type Range } from './mask.ts';

/**
 * Every `stride`-th key, counted from the query: those with k − q a multiple of the stride (Sparse Transformer, Child et al.
 * 2019). `and(causal(), or(slidingWindow(s, 0), strided(s)))` is that paper's strided attention.
 *
 * @throws if stride is no positive integer, or the alignment is a tensor
 *
 * @example
 * ```ts
 * import { printMask, strided } from '@heed/attention-core';
 * printMask(strided(2), 3, 3);
 * // ■ · ■
 * // · ■ ·
 * // ■ · ■
 * ```
 */
export function strided(stride: number, { alignment = 'bottom-right' }: { readonly alignment?: Alignment } = {}): Mask {
  requireIntegers('strided', { stride });

  requireAlignment('strided', alignment);
  if (alignment instanceof tf.Tensor) throw new Error('strided: alignment must be known, got a tensor');
  const startOf = (queryLength: number, keyLength: number) => knownStart(alignment, queryLength, keyLength)!;
  const suffix = describeAlignment(alignment);
  return {
    description: `strided(${stride}${suffix && `, ${suffix}`})`,
    allowed(region) {
      const { queries, keys } = region;
      return tf.tidy(() => {
        const start = startIn(region, alignment);
        if (typeof start !== 'number') {
          const first = tf.cast(start, 'float32');
          const q = tf.add(tf.range(queries.start, queries.end), first); // [queries]
          const distances = tf.sub(tf.range(keys.start, keys.end), tf.expandDims(q, 1)); // [queries, keys]
          return tf.equal(tf.mul(tf.round(tf.div(distances, stride)), stride), distances);
        }
        const q = remainders(queries, start, stride);
        return tf.equal(tf.expandDims(q, 1), tf.expandDims(remainders(keys, 0, stride), 0)); // [queries, keys]
      });
    },
    occupancy({ queries, keys, queryLength, keyLength }) {
      const start = startOf(queryLength, keyLength);
      const smallest = keys.start - (queries.end - 1 + start);
      const largest = keys.end - 1 - (queries.start + start);
      if (Math.floor(largest / stride) * stride < smallest) return 'empty'; // no multiple of the stride lies between
      return stride === 1 || smallest === largest ? 'full' : 'mixed';
    },
    mayHideAll(queryLength, keyLength) {
      // S ≥ stride keys hold every remainder
      const start = startOf(queryLength, keyLength);
      return keyLength < stride && !(start >= 0 && start + queryLength <= keyLength);
    },
  };
}

function remainders({ start, end }: Range, shift: number, stride: number): tf.Tensor1D {
  const values = Int32Array.from({ length: end - start }, (_, i) => (((start + shift + i) % stride) + stride) % stride);
  return tf.tensor1d(values, 'int32');
}
