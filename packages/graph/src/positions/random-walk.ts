import { requireIntegers } from '@heed/attention-core';
import { checkEdges, type EdgeList, type Matrix } from '../graph/graph-data.ts';

/**
 * Where a node stands, by random walks (Dwivedi et al. 2022): entry k is the probability to be back after k + 1 steps, each along an edge
 * that leaves the node, all alike.
 *
 * It takes steps · N · (edges reached) time: fast for molecules, minutes for 100,000 nodes.
 *
 * @param steps number of positions, e.g. 16
 * @returns [N, steps]
 * @throws if an edge names a node that is not there, or steps is no positive integer
 *
 * @example
 * ```ts
 * import { randomWalkPositions } from '@heed/graph';
 * const pair = { sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 0) };
 * randomWalkPositions(pair, 2, 3).data; // [0, 1, 0, 0, 1, 0]: back after every second step
 * ```
 */
export function randomWalkPositions(edges: EdgeList, nodes: number, steps: number): Matrix {
  checkEdges('randomWalkPositions', edges, nodes);
  requireIntegers('randomWalkPositions', { steps });

  const next: number[][] = Array.from({ length: nodes }, () => []);
  edges.sources.forEach((source, edge) => next[source].push(edges.targets[edge]));
  const data = new Float32Array(nodes * steps);
  for (let start = 0; start < nodes; start++) {
    let here = new Map([[start, 1]]);
    for (let step = 0; step < steps; step++) {
      here = walk(here, next);
      data[start * steps + step] = here.get(start) ?? 0;
    }
  }
  return { data, shape: [nodes, steps] };
}

/** One step of all walkers; one that cannot leave is gone. */
function walk(here: ReadonlyMap<number, number>, next: readonly number[][]): Map<number, number> {
  const there = new Map<number, number>();
  for (const [node, probability] of here) {
    for (const neighbour of next[node]) {
      there.set(neighbour, (there.get(neighbour) ?? 0) + probability / next[node].length);
    }
  }
  return there;
}
