import { segmentSum, withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { EdgeTensors } from './edge-tensors.ts';

/**
 * Rows of `x` by index; the gradient sums by row.
 *
 * @param x [N, W]
 * @param indices int32 [E], not checked
 * @returns [E, W]
 */
export function gatherRows(x: tf.Tensor, indices: tf.Tensor1D): tf.Tensor {
  const rows = x.shape[0];
  return withGradient(
    [x],
    (x) => ({ value: rowsAt(x, indices), saved: [indices] }),
    (dy, [indices]) => [segmentSum(dy, indices as tf.Tensor1D, rows)],
  );
}

/**
 * The last of attention's four steps over edges: what each target sees of its sources, Σ over its edges of weight · value.
 *
 * Cost and memory are of the order E · H · D; no matrix of nodes × nodes is made.
 *
 * @param weights [E, H]
 * @param values [N, H·D]
 * @returns [T, H·D]; zeros for a target without edges
 */
export function combineOverEdges(weights: tf.Tensor, values: tf.Tensor, edges: EdgeTensors): tf.Tensor {
  const { sources, targets, targetNodes } = edges;
  const [count, heads] = weights.shape as [number, number];
  const [nodes, width] = values.shape as [number, number];
  const split = (rows: tf.Tensor) => tf.reshape(rows, [count, heads, width / heads]); // [E, H, D]
  const weigh = (rows: tf.Tensor, weights: tf.Tensor) =>
    tf.reshape(tf.mul(split(rows), tf.expandDims(weights, 2)), [count, width]); // [E, H·D]
  return withGradient(
    [weights, values],
    (weights, values) => ({
      value: segmentSum(weigh(rowsAt(values, sources), weights), targets, targetNodes),
      saved: [weights, values, sources, targets],
    }),
    (dy, [weights, values, from, to]) => {
      const received = rowsAt(dy, to); // [E, H·D]
      const sent = rowsAt(values, from); // [E, H·D]
      const byWeight = tf.sum(tf.mul(split(received), split(sent)), 2); // [E, H]
      return [byWeight, segmentSum(weigh(received, weights), from as tf.Tensor1D, nodes)];
    },
  );
}

/** Σ over the width of each head: [R, H·D] ∘ [H, D] → [R, H]. */
export function dotByHead(x: tf.Tensor, vectors: tf.Tensor2D): tf.Tensor {
  const [heads, headWidth] = vectors.shape;
  return tf.sum(tf.mul(tf.reshape(x, [-1, heads, headWidth]), vectors), 2);
}

/** The heads side by side [R, H·D], or their mean [R, D]. */
export function joinHeads(x: tf.Tensor, heads: number, how: 'concat' | 'mean'): tf.Tensor {
  if (how === 'concat' || heads === 1) return x;
  return tf.mean(tf.reshape(x, [x.shape[0], heads, x.shape[1]! / heads]), 1);
}

/** `tf.gather`, which on WASM loses the width of empty tensors. */
function rowsAt(x: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const shape = [indices.size, ...x.shape.slice(1)];
  return tf.util.sizeFromShape(shape) === 0 || x.size === 0 ? tf.zeros(shape) : tf.gather(x, indices as tf.Tensor1D);
}

/** The first rows of [N, W]: the targets'. */
export function firstRows(x: tf.Tensor, count: number): tf.Tensor {
  return x.shape[0] === count ? x : tf.slice(x, [0, 0], [count, x.shape[1]!]);
}
