import { checkEdges, type EdgeList } from '../graph/graph-data.ts';

/** The edges of a graph by their targets, so that a node's neighbours are at hand. Made once in the time of E. */
export interface NeighbourIndex {
  /** N */
  readonly nodes: number;
  /** [N + 1]: the edges into node i are `edges[starts[i]]` to `edges[starts[i + 1] − 1]`. */
  readonly starts: Int32Array;
  /** [E]: numbers of edges, sorted by target. */
  readonly edges: Int32Array;
  /** [E]: the sources of these edges. */
  readonly sources: Int32Array;
}

/**
 * Sorts the edges of a graph by their targets.
 *
 * @throws if an edge names a node that is not there
 *
 * @example
 * ```ts
 * import { indexNeighbours } from '@heed/graph';
 * const { starts, sources } = indexNeighbours({ sources: Int32Array.of(1, 2, 0), targets: Int32Array.of(0, 0, 1) }, 3);
 * sources.subarray(starts[0], starts[1]); // [1, 2] lead to node 0
 * ```
 */
export function indexNeighbours(list: EdgeList, nodes: number): NeighbourIndex {
  checkEdges('indexNeighbours', list, nodes);
  const count = list.targets.length;
  const starts = new Int32Array(nodes + 1);
  for (let edge = 0; edge < count; edge++) starts[list.targets[edge] + 1]++;
  for (let node = 0; node < nodes; node++) starts[node + 1] += starts[node];
  const next = starts.slice(0, nodes);
  const [edges, sources] = [new Int32Array(count), new Int32Array(count)];
  for (let edge = 0; edge < count; edge++) {
    const place = next[list.targets[edge]]++;
    edges[place] = edge;
    sources[place] = list.sources[edge];
  }
  return { nodes, starts, edges, sources };
}
