import { requireIntegers } from '@heed/attention-core';
import { EigenvalueDecomposition, Matrix as DenseMatrix } from 'ml-matrix';
import { requireUndirected } from '../graph/edge-lists.ts';
import { checkEdges, type EdgeList, type Matrix } from '../graph/graph-data.ts';

/** The decomposition takes N³ time: some seconds for so many nodes. */
const MOST_NODES = 2000;

/**
 * Where a node stands, by the eigenvectors of the normalised Laplacian I − D^−½·A·D^−½ with the smallest eigenvalues but the first
 * (Dwivedi & Bresson 2021). Sine waves over a path, and their like over any other graph.
 *
 * An eigenvector's sign is arbitrary; here its greatest entry is positive. Where two eigenvalues are equal, so is their order.
 *
 * @param count number of positions; columns of zeros follow where there are fewer eigenvectors
 * @returns [N, count]
 * @throws if the graph is directed, an edge names a node that is not there, or there are more than 2,000 nodes (use
 * `randomWalkPositions`)
 *
 * @example
 * ```ts
 * import { laplacianPositions } from '@heed/graph';
 * const path = { sources: Int32Array.of(0, 1, 1, 2), targets: Int32Array.of(1, 0, 2, 1) };
 * laplacianPositions(path, 3, 1).data; // [0.71, 0, -0.71] or its negative: from one end to the other
 * ```
 */
export function laplacianPositions(edges: EdgeList, nodes: number, count: number): Matrix {
  checkEdges('laplacianPositions', edges, nodes);
  requireUndirected('laplacianPositions', edges, nodes);
  if (nodes > MOST_NODES) {
    throw new Error(
      `laplacianPositions: there must be at most ${MOST_NODES} nodes, got ${nodes}; use randomWalkPositions`,
    );
  }
  requireIntegers('laplacianPositions', { count });

  const data = new Float32Array(nodes * count);
  if (nodes > 1) {
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(laplacian(edges, nodes), {
      assumeSymmetric: true,
    });
    const order = realEigenvalues.map((value, column) => ({ value, column })).sort((a, b) => a.value - b.value);
    order.slice(1, count + 1).forEach(({ column }, position) => {
      const vector = eigenvectorMatrix.getColumn(column);
      const greatest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) + 1e-9 ? value : most), 0);
      vector.forEach((value, node) => (data[node * count + position] = greatest < 0 ? -value : value));
    });
  }
  return { data, shape: [nodes, count] };
}

function laplacian({ sources, targets }: EdgeList, nodes: number): DenseMatrix {
  const degrees = new Float64Array(nodes);
  targets.forEach((node) => degrees[node]++);
  const matrix = DenseMatrix.zeros(nodes, nodes);
  for (let node = 0; node < nodes; node++) matrix.set(node, node, 1);
  sources.forEach((source, edge) => {
    const target = targets[edge];
    matrix.set(target, source, matrix.get(target, source) - 1 / Math.sqrt(degrees[source] * degrees[target]));
  });
  return matrix;
}
