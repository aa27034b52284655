import { batchGraphs } from './batch-graphs.ts';
import type { GraphData, Matrix } from './graph-data.ts';
import { roundUp } from './round-up.ts';

/** Graphs side by side with sizes from a short list, so that few shapes occur. A self-loop stands at each node. */
export interface PaddedBatch {
  /** [n, F]; the last rows, at least one, are padding. */
  readonly features: Matrix;
  /** [e]: padded edges lead from a padded node to itself; the last n are self-loops. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
  /** [e, G]; zeros for padding and loops. */
  readonly edgeFeatures?: Matrix;
  /** [n]: which graph each node belongs to; padding belongs to one behind the last. */
  readonly graphOf: Int32Array;
}

/**
 * Batches graphs and pads the batch. No edge leads between real nodes and padding.
 *
 * @param places graphs that the batch has room for; padded nodes belong to graph number `places`
 */
export function padBatch(graphs: readonly GraphData[], places: number): PaddedBatch {
  const { graph, graphOf } = batchGraphs(graphs);
  const nodes = roundUp(graph.nodes + 1);
  const edges = roundUp(graph.sources.length);
  const ends = (list: Int32Array) => {
    const out = new Int32Array(edges + nodes).fill(nodes - 1);
    out.set(list);
    for (let node = 0; node < nodes; node++) out[edges + node] = node;
    return out;
  };
  const owners = new Int32Array(nodes).fill(places);
  owners.set(graphOf);
  return {
    features: withRows(graph.features, nodes),
    sources: ends(graph.sources),
    targets: ends(graph.targets),
    ...(graph.edgeFeatures && { edgeFeatures: withRows(graph.edgeFeatures, edges + nodes) }),
    graphOf: owners,
  };
}

function withRows({ data, shape }: Matrix, rows: number): Matrix {
  const out = new Float32Array(rows * shape[1]);
  out.set(data);
  return { data: out, shape: [rows, shape[1]] };
}
