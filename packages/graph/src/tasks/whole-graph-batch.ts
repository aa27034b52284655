import type { Batch, BatchTensors, HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { nonLoops } from '../graph/edge-lists.ts';
import type { GraphData } from '../graph/graph-data.ts';
import type { EdgeTensors } from '../layers/edge-tensors.ts';
import { sparseEntries, type NodeFeatures } from '../layers/node-features.ts';
import { withZeroRows } from './graph-tensors.ts';

/** A graph as a batch of one; its shapes tell all that a recorded forward pass depends on. */
export type WholeGraphBatch = Batch & {
  /** [E]: the edges that are no loops. */
  readonly sources: HostVector;
  readonly targets: HostVector;
  /** [N]: 0 to N − 1, the ends of a self-loop at each node. */
  readonly loops: HostVector;
};

/** The batch of a graph, which has been checked. */
export function wholeGraphBatch(graph: GraphData): WholeGraphBatch {
  const kept = nonLoops(graph);
  const list = (data: Int32Array | Float32Array): HostVector => ({ data, shape: [data.length] });
  const sparse = sparseEntries(graph.features);
  return {
    ...(sparse === undefined
      ? { x: graph.features }
      : { rows: list(sparse.rows), columns: list(sparse.columns), values: list(sparse.values) }),
    sources: list(kept.map((edge) => graph.sources[edge])),
    targets: list(kept.map((edge) => graph.targets[edge])),
    loops: list(Int32Array.from({ length: graph.nodes }, (_, node) => node)),
    ...(graph.edgeFeatures && { edgeFeatures: withZeroRows(graph.edgeFeatures, kept, graph.nodes) }),
  };
}

/** What a model takes of it; made anew, so to be called inside of a tidy. @param inputs width of the features */
export function wholeGraphInputs(
  batch: BatchTensors<WholeGraphBatch>,
  inputs: number,
): { readonly x: NodeFeatures; readonly edges: EdgeTensors } {
  const { sources, targets, loops } = batch;
  const { x, rows, columns, values, edgeFeatures } = batch as Readonly<Record<string, tf.Tensor | undefined>>;
  const nodes = loops.shape[0];
  return {
    x: x ?? {
      rows: rows as tf.Tensor1D,
      columns: columns as tf.Tensor1D,
      values: values as tf.Tensor1D,
      shape: [nodes, inputs],
    },
    edges: {
      sources: tf.concat([sources, loops]),
      targets: tf.concat([targets, loops]),
      targetNodes: nodes,
      ...(edgeFeatures && { features: edgeFeatures as tf.Tensor2D }),
    },
  };
}
