import * as tf from '@tensorflow/tfjs';
import { knownStart, type Alignment } from './alignment.ts';

/** A half-open range of positions. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where queries and keys stand in a sequence of which only a part lies in memory, as with a key/value cache. */
export interface Place {
  /** The key beside which the first query stands, counted as keys are: a number, or an int32 scalar in recorded steps. */
  readonly start: number | tf.Tensor;
  /** The position of key 0 in the sequence, likewise. */
  readonly offset: number | tf.Tensor;
}

/** Which queries and keys a mask is asked about, in positions of the whole sequence. */
export interface MaskRegion {
  readonly queries: Range;
  readonly keys: Range;
  /** L and S, which alignments and `strided` need even where only a block is asked for. */
  readonly queryLength: number;
  readonly keyLength: number;
  /** Given where buffers are not the sequence: a key's slot is then not its position, nor L and S the sequence's lengths. */
  readonly place?: Place;
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
    allowed(region) {
      const { queries, keys } = region;
      return tf.tidy(() => {
        const start = startIn(region, alignment);
        const q =
          start instanceof tf.Tensor
            ? tf.add(tf.range(queries.start, queries.end, 1, 'int32'), startOfEach(start))
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

/** Where among the keys the first query stands: a place says it better than lengths do, unless the alignment says it outright. */
export function startIn({ place, queryLength, keyLength }: MaskRegion, alignment: Alignment): number | tf.Tensor {
  if (place !== undefined && typeof alignment === 'string') return place.start;
  return knownStart(alignment, queryLength, keyLength) ?? (alignment as tf.Tensor);
}

/** A number and a number or int32 scalar. */
function plus(a: tf.Tensor, b: number | tf.Tensor): tf.Tensor {
  if (b === 0) return a;
  return tf.add(a, typeof b === 'number' ? tf.scalar(b, 'int32') : tf.cast(b, 'int32'));
}

/** The positions of a region's keys in the sequence. @returns int32 [keys] */
export function keyPositions({ keys, place }: MaskRegion): tf.Tensor1D {
  return plus(tf.range(keys.start, keys.end, 1, 'int32'), place?.offset ?? 0) as tf.Tensor1D;
}

/** The positions of a region's queries in the sequence, or their indices among L where no place is given. @returns int32 [queries] */
export function queryPositions({ queries, place }: MaskRegion): tf.Tensor1D {
  const indices = tf.range(queries.start, queries.end, 1, 'int32');
  return (place === undefined ? indices : plus(plus(indices, place.start), place.offset)) as tf.Tensor1D;
}

/** Of what is known by position along an axis, that of some positions; positions outside, of slots that hold nothing, get some other's. */
export function atSomePositions(x: tf.Tensor, positions: tf.Tensor1D, axis: number): tf.Tensor {
  const last = tf.scalar(x.shape[axis]! - 1, 'int32');
  return tf.gather(x, tf.minimum(tf.maximum(positions, tf.scalar(0, 'int32')), last) as tf.Tensor1D, axis);
}

/** A mask for queries and keys that stand elsewhere than their buffers say. */
export function placedMask(mask: Mask, place: Place): Mask {
  return {
    description: mask.description,
    allowed: (region) => mask.allowed({ ...region, place }),
    occupancy: () => 'mixed',
    mayHideAll: () => true,
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
