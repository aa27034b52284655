import * as tf from '@tensorflow/tfjs';
import { knownStart, type Alignment } from './alignment.ts';

/** A half-open range of positions. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Which queries and keys a mask is asked about, in positions of the whole sequence. */
export interface MaskRegion {
  readonly queries: Range;
  readonly keys: Range;
  /** L and S, which alignments and `strided` need even where only a block is asked for. */
  readonly queryLength: number;
  readonly keyLength: number;
}

/** Offsets of the visible keys from the query's index among L, both included; integers or ±Infinity. */
export interface Band {
  readonly low: number;
  readonly high: number;
}

/** What is known of a block of queries × keys without looking at tensor values. */
export type Occupancy = 'empty' | 'full' | 'mixed';

/**
 * Which keys each query may see: a value that can be combined (`and`, `or`, `not`), printed, and asked about blocks.
 */
export interface Mask {
  /** How the mask writes itself, e.g. `and(causal(), padding(…))`. */
  readonly description: string;
  /** Boolean, true where the query may see the key; broadcastable to [B, H, queries, keys] of the region. */
  allowed(region: MaskRegion): tf.Tensor;
  /** Whether the region is surely empty or surely full, for every batch and head; `mixed` when unknown. */
  occupancy(region: MaskRegion): Occupancy;
  /**
   * Names what `allowed` gives: regions of one size and one name have the same. Absent, or undefined, where nothing is known. The
   * blockwise path makes each but once.
   */
  pattern?(region: MaskRegion): string | undefined;
  /** Present where each query i sees the keys from i + low to i + high, and that is known without looking at tensor values. */
  band?(queryLength: number, keyLength: number): Band | undefined;
  /** Whether some query may see no key at all; false spares the zeroing of such rows. */
  mayHideAll(queryLength: number, keyLength: number): boolean;
}

/** The region of all L queries and S keys. */
export function wholeRegion(queryLength: number, keyLength: number): MaskRegion {
  return { queries: { start: 0, end: queryLength }, keys: { start: 0, end: keyLength }, queryLength, keyLength };
}

/**
 * A mask that shows each query the keys of a band around its position.
 *
 * @param band the visible keys of a query at position p as the offsets `k − p` from `low` to `high`, both included
 */
export function bandMask(options: { description: string; low: number; high: number; alignment: Alignment }): Mask {
  const { description, low, high, alignment } = options;
  return {
    description,
    allowed({ queries, keys, queryLength, keyLength }) {
      return tf.tidy(() => {
        const start = knownStart(alignment, queryLength, keyLength);
        const q =
          start === undefined
            ? tf.add(tf.range(queries.start, queries.end, 1, 'int32'), startOfEach(alignment as tf.Tensor))
            : tf.range(queries.start + start, queries.end + start, 1, 'int32');
        const k = tf.range(keys.start, keys.end, 1, 'int32');
        const difference = tf.sub(k, tf.expandDims(q, -1)); // [queries, keys], or [B, 1, queries, keys]
        const below = high === Infinity ? undefined : tf.lessEqual(difference, tf.scalar(high, 'int32'));
        const above = low === -Infinity ? undefined : tf.greaterEqual(difference, tf.scalar(low, 'int32'));
        if (below !== undefined && above !== undefined) return tf.logicalAnd(below, above);
        return below ?? above ?? tf.onesLike(difference).cast('bool');
      });
    },
    band(queryLength, keyLength) {
      const start = knownStart(alignment, queryLength, keyLength);
      return start === undefined ? undefined : { low: start + low, high: start + high };
    },
    // a band looks the same along every diagonal; its start is one for all regions of a call
    pattern: ({ queries, keys }) => String(keys.start - queries.start),
    occupancy({ queries, keys, queryLength, keyLength }) {
      const start = knownStart(alignment, queryLength, keyLength);
      if (start === undefined) return 'mixed';
      const smallest = keys.start - (queries.end - 1 + start);
      const largest = keys.end - 1 - (queries.start + start);
      if (largest < low || smallest > high) return 'empty';
      return smallest >= low && largest <= high ? 'full' : 'mixed';
    },
    mayHideAll(queryLength, keyLength) {
      const start = knownStart(alignment, queryLength, keyLength);
      // every query sees a key when its band meets [0, S − 1]
      return start === undefined || !(start + high >= 0 && start + queryLength - 1 + low <= keyLength - 1);
    },
  };
}

/** One position for each sequence, to be added to queries: [B, 1, 1], or [1]. */
function startOfEach(start: tf.Tensor): tf.Tensor {
  return tf.reshape(tf.cast(start, 'int32'), start.rank === 0 ? [1] : [-1, 1, 1]);
}

/** A mask as a small grid: one line per query, `■` where the key is visible and `·` where it is hidden, for the first batch and head. */
export function printMask(mask: Mask, queryLength: number, keyLength: number): string {
  const values = tf.tidy(() => {
    const allowed = mask.allowed(wholeRegion(queryLength, keyLength));
    const rank4 = tf.reshape(allowed, [...Array<number>(4 - allowed.rank).fill(1), ...allowed.shape]);
    const first = tf.slice(rank4, [0, 0, 0, 0], [1, 1, -1, -1]);
    return tf.broadcastTo(tf.cast(first, 'int32'), [1, 1, queryLength, keyLength]).dataSync();
  });
  return Array.from({ length: queryLength }, (_, q) =>
    Array.from(values.subarray(q * keyLength, (q + 1) * keyLength), (value) => (value ? '■' : '·')).join(' '),
  ).join('\n');
}
