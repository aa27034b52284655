import * as tf from '@tensorflow/tfjs';
import type { Alignment } from '../masks/alignment.ts';
import { startIn, type MaskRegion } from '../masks/mask.ts';

/**
 * The distances k − q that occur in a region, from that of the last query and first key to that of the first query and last key:
 * P = queries + keys − 1 of them.
 *
 * @returns int32 [1, P], or [B, P] where the alignment is a tensor [B]
 */
export function distancesOf(region: MaskRegion, alignment: Alignment): tf.Tensor2D {
  const { queries, keys } = region;
  const count = queries.end - queries.start + (keys.end - keys.start) - 1;
  const least = keys.start - (queries.end - 1);
  const start = startIn(region, alignment);
  const known = typeof start === 'number' ? start : 0;
  const distances = tf.expandDims(tf.range(least - known, least - known + count, 1, 'int32'), 0);
  if (typeof start === 'number') return distances as tf.Tensor2D;
  return tf.sub(distances, tf.reshape(tf.cast(start, 'int32'), [-1, 1]));
}

/**
 * What is known by distance, by key instead (the skewing of Huang et al. 2018, Music Transformer): row i of the result begins
 * where row i's distances do, so that no tensor [queries, keys, D] is ever built.
 *
 * @param byDistance [..., queries, P] with P = queries + keys − 1, in the order of `distancesOf`
 * @returns [..., queries, keys]
 */
export function skew(byDistance: tf.Tensor, keys: number): tf.Tensor {
  const [queries, count] = byDistance.shape.slice(-2) as [number, number];
  if (queries === 1) return byDistance; // each key has a distance of its own already
  const leading = byDistance.shape.slice(0, -2);
  const rows = byDistance.size / (queries * count);
  const flat = tf.reshape(byDistance, [rows, queries * count]);
  // Element (i, j) has the distance number j − i + queries − 1, and so lies at i·(P − 1) + j + queries − 1.
  const shifted = tf.reshape(tf.slice(flat, [0, queries - 1], [rows, queries * (count - 1)]), [
    rows,
    queries,
    count - 1,
  ]);
  return tf.reshape(tf.slice(shifted, [0, 0, 0], [rows, queries, keys]), [...leading, queries, keys]);
}

/** The inverse of `skew`: [..., queries, keys] → [..., queries, P], with 0 where a query has no key at that distance. */
export function unskew(byKey: tf.Tensor): tf.Tensor {
  const [queries, keys] = byKey.shape.slice(-2) as [number, number];
  if (queries === 1) return byKey;
  const count = queries + keys - 1;
  const rows = byKey.size / (queries * keys);
  const padded = tf.pad(tf.reshape(byKey, [rows, queries, keys]), [
    [0, 0],
    [0, 0],
    [0, count - 1 - keys],
  ]); // [rows, queries, P − 1]
  const flat = tf.pad(tf.reshape(padded, [rows, queries * (count - 1)]), [
    [0, 0],
    [queries - 1, 1],
  ]);
  return tf.reshape(flat, [...byKey.shape.slice(0, -1), count]);
}

/**
 * One number for each distance as a matrix: element (i, j) is the number of distance j − i.
 *
 * @param byDistance [..., P] @returns [..., queries, keys]
 */
export function toeplitz(byDistance: tf.Tensor, queries: number, keys: number): tf.Tensor {
  const row = tf.expandDims(byDistance, -2); // [..., 1, P]
  return skew(tf.tile(row, [...byDistance.shape.slice(0, -1).map(() => 1), queries, 1]), keys);
}

/** Rows of a table [T, ...] whose middle row, number `middle`, belongs to distance 0; distances outside the table take its ends. */
export function rowsByDistance(table: tf.Tensor, distances: tf.Tensor, middle: number): tf.Tensor {
  const last = tf.scalar(table.shape[0] - 1, 'int32');
  const rows = tf.minimum(tf.maximum(tf.add(distances, tf.scalar(middle, 'int32')), tf.scalar(0, 'int32')), last);
  return tf.gather(table, rows as tf.Tensor1D);
}
