import type { RandomStream } from '@heed/attention-core';
import type { Batch, BatchTensors, HostMatrix, HostVector } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { checkGraph, type GraphData } from '../../graph/graph-data.ts';
import { padBatch } from '../../graph/pad-batch.ts';
import type { GraphModel } from '../../models/graph-model/graph-model.ts';

/** Graphs side by side, as `train()` takes them. */
export type GraphsBatch = Batch & {
  readonly x: HostMatrix;
  readonly sources: HostVector;
  readonly targets: HostVector;
  readonly graphOf: HostVector;
  /** [places]: nodes of each graph; as long as the batch has room for graphs. */
  readonly sizes: HostVector;
};

/** Widths of the features of nodes and edges; 0 where edges have none. */
export interface FeatureWidths {
  readonly inputs: number;
  readonly edgeInputs: number;
}

/** @param places graphs that the batch has room for */
export function graphsBatch(graphs: readonly GraphData[], places: number, widths: FeatureWidths): GraphsBatch {
  const whole = graphs.map((graph) => withWidths(graph, widths));
  const { features, sources, targets, edgeFeatures, graphOf } = padBatch(whole, places);
  const list = (data: Int32Array): HostVector => ({ data, shape: [data.length] });
  const sizes = new Int32Array(places);
  graphs.forEach(({ nodes }, place) => (sizes[place] = nodes));
  return {
    x: features,
    sources: list(sources),
    targets: list(targets),
    graphOf: list(graphOf),
    sizes: list(sizes),
    ...(edgeFeatures && { edgeFeatures }),
  };
}

/** [places, classes]; the graph of the padding is cut off. */
export function logitsOf(model: GraphModel, batch: BatchTensors<GraphsBatch>, random?: RandomStream): tf.Tensor2D {
  const { x, sources, targets, graphOf, sizes } = batch;
  const { edgeFeatures } = batch as Readonly<Record<string, tf.Tensor | undefined>>;
  const places = sizes.shape[0];
  const edges = {
    sources,
    targets,
    targetNodes: x.shape[0],
    ...(edgeFeatures && { features: edgeFeatures as tf.Tensor2D }),
  };
  const owners = { graphOf, graphs: places + 1 };
  return tf.slice(model.forward(x, edges, owners, { random }) as tf.Tensor2D, [0, 0], [places, -1]);
}

/** The widths of graphs' features, told by the first that has nodes and the first that has edges: a single atom says nothing of bonds. */
export function widthsOf(owner: string, graphs: readonly GraphData[]): FeatureWidths {
  const [withNodes, withEdges] = [
    graphs.find(({ nodes }) => nodes > 0),
    graphs.find((graph) => graph.sources.length > 0),
  ];
  if (withNodes === undefined)
    throw new Error(`${owner}: a graph must have a node to learn from, got none in ${graphs.length} graphs`);
  return { inputs: withNodes.features.shape[1], edgeInputs: withEdges?.edgeFeatures?.shape[1] ?? 0 };
}

/** @throws unless the graph is sound and its features are as wide as said; without nodes or edges it says nothing of their widths */
export function requireWidths(owner: string, graph: GraphData, { inputs, edgeInputs }: FeatureWidths): void {
  checkGraph(owner, withWidths(graph, { inputs, edgeInputs }));
  const widths = [graph.features.shape[1], graph.edgeFeatures?.shape[1] ?? 0];
  if (graph.nodes > 0 && widths[0] !== inputs) {
    throw new Error(`${owner}: features must be ${inputs} wide, got ${widths[0]}`);
  }
  if (graph.sources.length > 0 && widths[1] !== edgeInputs) {
    throw new Error(`${owner}: edge features must be ${edgeInputs} wide, got ${widths[1]}`);
  }
}

function withWidths(graph: GraphData, { inputs, edgeInputs }: FeatureWidths): GraphData {
  const none = (width: number) => ({ data: new Float32Array(), shape: [0, width] as const });
  const { nodes, sources, targets } = graph;
  const features = nodes === 0 ? none(inputs) : graph.features;
  if (sources.length > 0) return { ...graph, features };
  return { nodes, features, sources, targets, ...(edgeInputs > 0 && { edgeFeatures: none(edgeInputs) }) };
}
