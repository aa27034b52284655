import { Random } from '@heed/attention-core';
import { requireUndirected, undirected } from './edge-lists.ts';
import { checkEdges, type EdgeList, type GraphData } from './graph-data.ts';

export interface SplitEdgesOptions {
  /** Share of the edges that is validated on. Default 0.05. */
  readonly validation?: number;
  /** Share of the edges that is tested on. Default 0.1. */
  readonly test?: number;
  readonly seed: number;
}

/** Pairs of nodes with and without an edge, as many of each. */
export interface LinkPairs {
  readonly positive: EdgeList;
  readonly negative: EdgeList;
}

export interface EdgeSplit {
  /** The graph without the edges that are held out, in either direction: all that a model may see. */
  readonly graph: GraphData;
  readonly validation: LinkPairs;
  readonly test: LinkPairs;
}

/**
 * Holds edges out, so that a model can be asked for them.
 *
 * Both directions of an edge go together, and loops are no links. The negatives of validation and test are drawn once, from the pairs
 * that are no edge of the whole graph; all pairs are different.
 *
 * @throws if the graph is directed, or there are too few edges or too few pairs without one
 *
 * @example
 * ```ts
 * import { karateClub, readGraph, splitEdges } from '@heed/graph';
 * const { graph, test } = splitEdges(readGraph(karateClub()).data, { seed: 7 });
 * test.positive.sources.length; // 8 of 78 friendships
 * ```
 */
export function splitEdges(whole: GraphData, { validation = 0.05, test = 0.1, seed }: SplitEdgesOptions): EdgeSplit {
  checkEdges('splitEdges', whole, whole.nodes);
  requireUndirected('splitEdges', whole, whole.nodes);
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new Error(`splitEdges: validation and test must be shares that leave some, got ${validation} and ${test}`);
  }
  if (whole.edgeFeatures !== undefined) throw new Error('splitEdges: edge features cannot be split yet, got some');
  const random = new Random(seed);
  const { sources, targets } = undirected(whole, whole.nodes);
  const once = [...sources.keys()].filter((edge) => sources[edge] < targets[edge]);
  const counts = [validation, test].map((share) => Math.round(share * once.length));
  const order = random.shuffle(once);
  const take = (first: number, count: number): EdgeList => {
    const chosen = order.slice(first, first + count);
    return { sources: Int32Array.from(chosen, (e) => sources[e]), targets: Int32Array.from(chosen, (e) => targets[e]) };
  };
  const [validated, tested] = [take(0, counts[0]), take(counts[0], counts[1])];
  const kept = take(counts[0] + counts[1], order.length);
  const drawn = new NegativePairs(whole, whole.nodes).draw(counts[0] + counts[1], random);
  const part = (list: EdgeList, first: number, end: number): EdgeList => ({
    sources: list.sources.slice(first, end),
    targets: list.targets.slice(first, end),
  });
  return {
    graph: { ...whole, ...undirected(kept, whole.nodes) },
    validation: { positive: validated, negative: part(drawn, 0, counts[0]) },
    test: { positive: tested, negative: part(drawn, counts[0], counts[0] + counts[1]) },
  };
}

/** Draws pairs of different nodes between which there is no edge. */
export class NegativePairs {
  private readonly edges: ReadonlySet<number>;

  constructor(
    { sources, targets }: EdgeList,
    private readonly nodes: number,
  ) {
    const keys = new Set<number>();
    sources.forEach((source, edge) => {
      if (source !== targets[edge]) keys.add(this.keyOf(source, targets[edge]));
    });
    this.edges = keys;
  }

  /** Number of such pairs. */
  get count(): number {
    return (this.nodes * (this.nodes - 1)) / 2 - this.edges.size;
  }

  /** @throws if there are not so many; all drawn pairs are different */
  draw(count: number, random: Random): EdgeList {
    if (count > this.count) {
      throw new Error(`NegativePairs: there must be ${count} pairs without an edge, got ${this.count}`);
    }
    const drawn = new Set<number>();
    while (drawn.size < count) {
      const [one, other] = [random.integer(this.nodes), random.integer(this.nodes)];
      const key = this.keyOf(one, other);
      if (one !== other && !this.edges.has(key)) drawn.add(key);
    }
    return {
      sources: Int32Array.from(drawn, (key) => Math.floor(key / this.nodes)),
      targets: Int32Array.from(drawn, (key) => key % this.nodes),
    };
  }

  private keyOf(one: number, other: number): number {
    return Math.min(one, other) * this.nodes + Math.max(one, other);
  }
}
