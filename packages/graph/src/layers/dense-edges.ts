import { attention, fromTensor, mergeHeads, type Score } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { checkEdges, type EdgeList } from '../graph/graph-data.ts';

/**
 * A small graph as a matrix: entry [i, j] is the number of edges from node j to node i.
 *
 * @returns float32 [N, N], which the caller disposes
 * @throws if an edge names a node that is not there
 */
export function edgeCounts(edges: EdgeList, nodes: number): tf.Tensor2D {
  checkEdges('edgeCounts', edges, nodes);
  const counts = new Float32Array(nodes * nodes);
  edges.sources.forEach((source, edge) => counts[edges.targets[edge] * nodes + source]++);
  return tf.tensor2d(counts, [nodes, nodes]);
}

/**
 * Attention over edges as attention over all pairs of nodes, those without an edge being masked: the same numbers, at a cost of N²
 * instead of E. For tests and for graphs of which most pairs are edges.
 *
 * @param options.query [1, H, N, ·]
 * @param options.key [1, H, N, ·]
 * @param options.value [1, H, N, D]
 * @param options.counts [N, N], of `edgeCounts`: k edges weigh as k keys
 * @returns [N, H·D]
 */
export function denseEdgeAttention(options: {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
  readonly score: Score;
  readonly counts: tf.Tensor2D;
}): tf.Tensor2D {
  const { counts, ...rest } = options;
  const mask = fromTensor(tf.greater(counts, 0));
  const bias = { description: 'log of edge counts', values: () => tf.log(tf.maximum(counts, 1)) };
  return tf.squeeze(mergeHeads(attention({ ...rest, mask, bias, name: 'dense edges' })), [0]);
}

/** [N, H·D] → [1, H, N, D] */
export function nodesByHead(x: tf.Tensor, heads: number): tf.Tensor4D {
  const [nodes, width] = x.shape as [number, number];
  return tf.expandDims(tf.transpose(tf.reshape(x, [nodes, heads, width / heads]), [1, 0, 2]), 0);
}
