import { Random } from '@heed/attention-core';
import type { GraphData, LabelledGraph, Matrix, NodeSplit } from './graph-data.ts';

export interface SplitNodesOptions {
  /** Training nodes of each class. Default 20, as in Planetoid's splits. */
  readonly trainPerClass?: number;
  /** Default 500. */
  readonly validation?: number;
  /** Default 1000. */
  readonly test?: number;
  readonly seed: number;
}

/**
 * A random split of the nodes that have a label.
 *
 * @throws if there are too few of them
 */
export function splitNodes(graph: LabelledGraph, options: SplitNodesOptions): NodeSplit {
  const { trainPerClass = 20, validation = 500, test = 1000, seed } = options;
  const order = new Random(seed).shuffle([...graph.labels.keys()].filter((node) => graph.labels[node] >= 0));
  const taken = Array<number>(graph.classes).fill(0);
  const isTrained = order.map((node) => taken[graph.labels[node]]++ < trainPerClass);
  const few = taken.findIndex((count) => count < trainPerClass);
  if (few !== -1) {
    throw new Error(`splitNodes: every class must have ${trainPerClass} nodes, got ${taken[few]} of class ${few}`);
  }
  const rest = order.filter((_, place) => !isTrained[place]);
  if (rest.length < validation + test) {
    throw new Error(`splitNodes: ${validation + test} nodes beside the trained ones are needed, got ${rest.length}`);
  }
  return {
    train: Int32Array.from(order.filter((_, place) => isTrained[place])),
    validation: Int32Array.from(rest.slice(0, validation)),
    test: Int32Array.from(rest.slice(validation, validation + test)),
  };
}

/**
 * Some nodes and the edges between them: what a model may see that is to be tested on nodes it has never met (inductive learning).
 *
 * @param nodes different ones; node i of the result is `nodes[i]`
 * @throws if a node is not there or given twice
 */
export function inducedSubgraph(graph: GraphData, nodes: Int32Array): GraphData {
  const numbers = new Map<number, number>();
  nodes.forEach((node, number) => {
    if (!(node >= 0 && node < graph.nodes)) {
      throw new Error(`inducedSubgraph: nodes must be in [0, ${graph.nodes}), got ${node}`);
    }
    if (numbers.has(node)) throw new Error(`inducedSubgraph: nodes must differ, got ${node} twice`);
    numbers.set(node, number);
  });
  const edges = Int32Array.from(
    [...graph.sources.keys()].filter((edge) => numbers.has(graph.sources[edge]) && numbers.has(graph.targets[edge])),
  );
  return {
    nodes: nodes.length,
    features: selectRows(graph.features, nodes),
    ...(graph.edgeFeatures && { edgeFeatures: selectRows(graph.edgeFeatures, edges) }),
    sources: edges.map((edge) => numbers.get(graph.sources[edge])!),
    targets: edges.map((edge) => numbers.get(graph.targets[edge])!),
  };
}

/** The chosen rows of a matrix. */
export function selectRows({ data, shape }: Matrix, rows: Int32Array): Matrix {
  const width = shape[1];
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, place) => out.set(data.subarray(row * width, (row + 1) * width), place * width));
  return { data: out, shape: [rows.length, width] };
}
