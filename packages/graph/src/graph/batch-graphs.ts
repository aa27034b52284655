import type { GraphData, Matrix } from './graph-data.ts';

/** Several graphs as one that has no edges between them. */
export interface GraphBatch {
  readonly graph: GraphData;
  /** [N]: which of the graphs each node belongs to. */
  readonly graphOf: Int32Array;
  /** Number of graphs, those without nodes included. */
  readonly graphs: number;
}

/**
 * Lays graphs side by side, so that a model goes through all of them at once.
 *
 * @throws if there is none, or widths of features differ
 *
 * @example
 * ```ts
 * import { batchGraphs, matrix } from '@heed/graph';
 * const pair = { nodes: 2, features: matrix([[1], [2]]), sources: Int32Array.of(0), targets: Int32Array.of(1) };
 * const { graph, graphOf } = batchGraphs([pair, pair]);
 * graph.sources; // [0, 2]
 * graphOf; // [0, 0, 1, 1]
 * ```
 */
export function batchGraphs(graphs: readonly GraphData[]): GraphBatch {
  if (graphs.length === 0) throw new Error('batchGraphs: at least one graph is needed, got none');
  const nodes = graphs.reduce((sum, graph) => sum + graph.nodes, 0);
  const edges = graphs.reduce((sum, graph) => sum + graph.sources.length, 0);
  const [sources, targets, graphOf] = [new Int32Array(edges), new Int32Array(edges), new Int32Array(nodes)];
  let [firstNode, firstEdge] = [0, 0];
  graphs.forEach((graph, index) => {
    const offset = firstNode;
    sources.set(
      graph.sources.map((node) => node + offset),
      firstEdge,
    );
    targets.set(
      graph.targets.map((node) => node + offset),
      firstEdge,
    );
    graphOf.fill(index, firstNode, firstNode + graph.nodes);
    firstNode += graph.nodes;
    firstEdge += graph.sources.length;
  });
  const edgeFeatures = graphs.flatMap((graph) => graph.edgeFeatures ?? []);
  if (edgeFeatures.length !== 0 && edgeFeatures.length !== graphs.length) {
    throw new Error(
      `batchGraphs: all graphs or none must have edge features, got ${edgeFeatures.length} of ${graphs.length}`,
    );
  }
  return {
    graph: {
      nodes,
      features: stackRows(
        'features',
        graphs.map((graph) => graph.features),
      ),
      ...(edgeFeatures.length === 0 ? {} : { edgeFeatures: stackRows('edgeFeatures', edgeFeatures) }),
      sources,
      targets,
    },
    graphOf,
    graphs: graphs.length,
  };
}

function stackRows(name: string, matrices: readonly Matrix[]): Matrix {
  // A graph without nodes or edges says nothing of the width.
  const width = (matrices.find(({ shape }) => shape[0] > 0) ?? matrices[0]).shape[1];
  const rows = matrices.reduce((sum, { shape }) => sum + shape[0], 0);
  const data = new Float32Array(rows * width);
  let next = 0;
  matrices.forEach(({ data: own, shape }, index) => {
    if (shape[0] > 0 && shape[1] !== width) {
      throw new Error(`batchGraphs: ${name} must be of one width, got ${width} and ${shape[1]} (graph ${index})`);
    }
    data.set(own, next);
    next += own.length;
  });
  return { data, shape: [rows, width] };
}
