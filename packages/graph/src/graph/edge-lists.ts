import type { EdgeList } from './graph-data.ts';

/**
 * The edges with exactly one loop at each node, behind the others; loops that were there are dropped. With them a node sees its
 * own features, and no node is without neighbours.
 *
 * @example
 * ```ts
 * import { withSelfLoops } from '@heed/graph';
 * withSelfLoops({ sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 1) }, 2);
 * // { sources: [0, 0, 1], targets: [1, 0, 1] }
 * ```
 */
export function withSelfLoops(edges: EdgeList, nodes: number): EdgeList {
  const kept = nonLoops(edges);
  const ends = (list: Int32Array) => {
    const out = new Int32Array(kept.length + nodes);
    kept.forEach((edge, index) => (out[index] = list[edge]));
    for (let node = 0; node < nodes; node++) out[kept.length + node] = node;
    return out;
  };
  return { sources: ends(edges.sources), targets: ends(edges.targets) };
}

/** Indices of the edges that are no loops. */
export function nonLoops({ sources, targets }: EdgeList): Int32Array {
  const kept: number[] = [];
  for (let edge = 0; edge < sources.length; edge++) if (sources[edge] !== targets[edge]) kept.push(edge);
  return Int32Array.from(kept);
}

/** Every edge in both directions, each once, sorted by target and then by source. */
export function undirected({ sources, targets }: EdgeList, nodes: number): EdgeList {
  const keys = new Float64Array(2 * sources.length); // target · nodes + source passes 2^32 in large graphs
  for (let edge = 0; edge < sources.length; edge++) {
    keys[2 * edge] = targets[edge] * nodes + sources[edge];
    keys[2 * edge + 1] = sources[edge] * nodes + targets[edge];
  }
  const distinct = keys.sort().filter((key, index) => index === 0 || key !== keys[index - 1]);
  return {
    sources: Int32Array.from(distinct, (key) => key % nodes),
    targets: Int32Array.from(distinct, (key) => Math.floor(key / nodes)),
  };
}

/** @throws unless every edge has one in the other direction */
export function requireUndirected(owner: string, { sources, targets }: EdgeList, nodes: number): void {
  const seen = new Set<number>();
  for (let edge = 0; edge < sources.length; edge++) seen.add(targets[edge] * nodes + sources[edge]);
  for (let edge = 0; edge < sources.length; edge++) {
    if (!seen.has(sources[edge] * nodes + targets[edge])) {
      throw new Error(
        `${owner}: the graph must be undirected, each edge in both directions, ` +
          `got ${sources[edge]} → ${targets[edge]} without ${targets[edge]} → ${sources[edge]}; undirected(edges, nodes) adds it`,
      );
    }
  }
}
