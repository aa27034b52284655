import { dropout, linear, type RandomStream, segmentSum, withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { Matrix } from '../graph/graph-data.ts';

/** Rows of which most numbers are 0, as the others: bags of words. K of them in all. */
export interface SparseRows {
  /** int32 [K] */
  readonly rows: tf.Tensor1D;
  /** int32 [K] */
  readonly columns: tf.Tensor1D;
  /** float32 [K] */
  readonly values: tf.Tensor1D;
  /** [N, F] */
  readonly shape: readonly [number, number];
}

/** What the first layer of a model reads: [N, F]. */
export type NodeFeatures = tf.Tensor | SparseRows;

/** Below this share of numbers that are not 0, the sparse form takes less time (Cora: 1.3 %, six times less). */
const SPARSE_BELOW = 0.1;

/**
 * Features on the device, sparse where most numbers are 0. Models give the same results for both forms. The caller disposes
 * them (`disposeFeatures`).
 */
export function nodeFeatures(features: Matrix): NodeFeatures {
  const { data, shape } = features;
  const entries = sparseEntries(features);
  if (entries === undefined) return tf.tensor2d(data, [...shape]);
  return {
    rows: tf.tensor1d(entries.rows, 'int32'),
    columns: tf.tensor1d(entries.columns, 'int32'),
    values: tf.tensor1d(entries.values),
    shape,
  };
}

/** What `SparseRows` are made of, on the host. */
export interface SparseEntries {
  /** [K] */
  readonly rows: Int32Array;
  /** [K] */
  readonly columns: Int32Array;
  /** [K] */
  readonly values: Float32Array;
}

/** The numbers that are not 0, where they are so few that the sparse form takes less time. */
export function sparseEntries({ data, shape }: Matrix): SparseEntries | undefined {
  const filled = data.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
  if (filled >= SPARSE_BELOW * data.length) return undefined;
  const places = new Int32Array(filled);
  let next = 0;
  data.forEach((value, place) => {
    if (value !== 0) places[next++] = place;
  });
  return {
    rows: places.map((place) => Math.floor(place / shape[1])),
    columns: places.map((place) => place % shape[1]),
    values: Float32Array.from(places, (place) => data[place]),
  };
}

/** Frees what `nodeFeatures` made. */
export function disposeFeatures(features: NodeFeatures): void {
  tf.dispose(features instanceof tf.Tensor ? features : [features.rows, features.columns, features.values]);
}

/** Dropout on features; a 0 stays 0, so of sparse rows only the others are drawn. */
export function dropFeatures<X extends NodeFeatures>(x: X, rate: number, random: RandomStream | undefined): X {
  if (x instanceof tf.Tensor) return dropout(x, rate, random) as X;
  return { ...x, values: dropout(x.values, rate, random) };
}

/**
 * x·W + b.
 *
 * @param x [N, F]
 * @param w [F, W]
 * @param b [W]
 * @returns [N, W]
 * @throws if x is not F wide
 */
export function projectFeatures(x: NodeFeatures, w: tf.Tensor2D, b?: tf.Tensor1D): tf.Tensor {
  if (x instanceof tf.Tensor) return linear(x, w, b);
  if (x.shape[1] !== w.shape[0]) {
    throw new Error(
      `projectFeatures: features must be as wide as the weight is high, got ${x.shape[1]} and ${w.shape[0]}`,
    );
  }
  const product = sparseProduct(x, w);
  return b === undefined ? product : tf.add(product, b);
}

function sparseProduct({ rows, columns, values, shape }: SparseRows, w: tf.Tensor2D): tf.Tensor {
  const scaled = (table: tf.Tensor, indices: tf.Tensor, values: tf.Tensor) =>
    tf.mul(tf.gather(table, indices as tf.Tensor1D), tf.expandDims(values, 1)); // [K, W]
  return withGradient(
    [w],
    (w) => ({ value: segmentSum(scaled(w, columns, values), rows, shape[0]), saved: [rows, columns, values] }),
    (dy, [rows, columns, values]) => [segmentSum(scaled(dy, rows, values), columns as tf.Tensor1D, shape[1])],
  );
}
