import { nonLoops, withSelfLoops } from '../graph/edge-lists.ts';
import type { GraphData, Matrix } from '../graph/graph-data.ts';
import { disposeEdges, edgeTensors, type EdgeTensors } from '../layers/edge-tensors.ts';
import { disposeFeatures, nodeFeatures, type NodeFeatures } from '../layers/node-features.ts';

/** A graph on the device, with a self-loop at every node. */
export interface GraphTensors {
  readonly x: NodeFeatures;
  readonly edges: EdgeTensors;
  /** Which edge of the graph each edge here is; the last N are self-loops and are none. */
  readonly origins: Int32Array;
  dispose(): void;
}

/** Puts a graph on the device. The graph has been checked. */
export function graphTensors(graph: GraphData): GraphTensors {
  const origins = nonLoops(graph);
  const features = graph.edgeFeatures && withZeroRows(graph.edgeFeatures, origins, graph.nodes);
  const x = nodeFeatures(graph.features);
  const edges = edgeTensors(withSelfLoops(graph, graph.nodes), graph.nodes, features === undefined ? {} : { features });
  return {
    x,
    edges,
    origins,
    dispose: () => {
      disposeFeatures(x);
      disposeEdges(edges);
    },
  };
}

/** The chosen rows, then `count` rows of zeros: what a self-loop's edge is like. */
export function withZeroRows({ data, shape }: Matrix, chosen: Int32Array, count: number): Matrix {
  const width = shape[1];
  const out = new Float32Array((chosen.length + count) * width);
  chosen.forEach((row, index) => out.set(data.subarray(row * width, (row + 1) * width), index * width));
  return { data: out, shape: [chosen.length + count, width] };
}
