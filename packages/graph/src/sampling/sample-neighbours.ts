import type { Random } from '@heed/attention-core';
import type { EdgeList } from '../graph/graph-data.ts';
import type { NeighbourIndex } from './neighbour-index.ts';

/** The edges that one layer of a model sees. */
export interface SampledLayer extends EdgeList {
  /** The layer gives rows for so many of the first nodes. */
  readonly targetNodes: number;
  /** The graph's own number of each edge. */
  readonly edges: Int32Array;
}

/** What a model of as many layers needs to see for some nodes, and no more. */
export interface SampledNeighbourhood {
  /** The graph's own numbers of the nodes; first the asked ones, in their order. Edges count in this list. */
  readonly nodes: Int32Array;
  /** First layer first: it sees all, the last one only the edges into the asked nodes. */
  readonly layers: readonly SampledLayer[];
}

/**
 * Takes at most so many of the edges into each node, at random and none twice (Hamilton et al. 2017), from the asked nodes outwards. The
 * time it takes depends on what is taken, not on the graph.
 *
 * @param index of `indexNeighbours`
 * @param asked different nodes
 * @param counts at most so many edges into each node, for the last layer first; `Infinity` takes all
 * @throws if a node is not there or asked for twice, or a count is no whole number
 *
 * @example
 * ```ts
 * import { Random } from '@heed/attention-core';
 * import { indexNeighbours, sampleNeighbours } from '@heed/graph';
 * const index = indexNeighbours({ sources: Int32Array.of(1, 2, 3), targets: Int32Array.of(0, 1, 2) }, 4);
 * sampleNeighbours(index, Int32Array.of(0), [10, 10], new Random(7)).nodes; // [0, 1, 2]: two steps away
 * ```
 */
export function sampleNeighbours(
  index: NeighbourIndex,
  asked: Int32Array,
  counts: readonly number[],
  random: Random,
): SampledNeighbourhood {
  requireNeighbourCounts('sampleNeighbours: counts', counts);
  const found = new FoundNodes(index.nodes, asked);
  const [sources, targets, edges]: [number[], number[], number[]] = [[], [], []];
  const layers: SampledLayer[] = [];
  let [first, end] = [0, asked.length];
  for (const most of counts) {
    const chosen = new EdgeChooser(index, most, random);
    for (let target = first; target < end; target++) {
      for (const place of chosen.edgesInto(found.nodes[target])) {
        sources.push(found.numberOf(index.sources[place]));
        targets.push(target);
        edges.push(index.edges[place]);
      }
    }
    layers.unshift({
      sources: Int32Array.from(sources),
      targets: Int32Array.from(targets),
      edges: Int32Array.from(edges),
      targetNodes: end,
    });
    [first, end] = [end, found.nodes.length];
  }
  return { nodes: Int32Array.from(found.nodes), layers };
}

/** @throws unless each is a whole number, or `Infinity` */
export function requireNeighbourCounts(owner: string, counts: readonly number[]): void {
  const wrong = counts.findIndex((count) => !(count === Infinity || (Number.isSafeInteger(count) && count >= 0)));
  if (wrong !== -1) throw new Error(`${owner} must be whole numbers or Infinity, got ${counts[wrong]} at ${wrong}`);
}

/** Nodes in the order in which they were met. */
class FoundNodes {
  readonly nodes: number[] = [];
  private readonly numbers = new Map<number, number>();

  constructor(count: number, asked: Int32Array) {
    for (const node of asked) {
      if (!(node >= 0 && node < count)) {
        throw new Error(`sampleNeighbours: nodes must be in [0, ${count}), got ${node}`);
      }
      if (this.numbers.has(node)) throw new Error(`sampleNeighbours: nodes must differ, got ${node} twice`);
      this.numberOf(node);
    }
  }

  numberOf(node: number): number {
    const known = this.numbers.get(node);
    if (known !== undefined) return known;
    this.numbers.set(node, this.nodes.length);
    this.nodes.push(node);
    return this.nodes.length - 1;
  }
}

const WORDS_AT_ONCE = 4096;

/** Chooses places of the index at random. */
class EdgeChooser {
  private words: Uint32Array = new Uint32Array();
  private used = 0;

  constructor(
    private readonly index: NeighbourIndex,
    private readonly most: number,
    private readonly random: Random,
  ) {}

  edgesInto(node: number): number[] {
    const [start, end] = [this.index.starts[node], this.index.starts[node + 1]];
    const degree = end - start;
    if (degree <= this.most) return Array.from({ length: degree }, (_, i) => start + i);
    // Floyd's algorithm: `most` different numbers below `degree`, each set of them equally likely
    const chosen = new Set<number>();
    for (let last = degree - this.most; last < degree; last++) {
      const place = start + this.below(last + 1);
      chosen.add(chosen.has(place) ? start + last : place);
    }
    return [...chosen];
  }

  private below(limit: number): number {
    if (this.used === this.words.length) {
      this.words = this.random.words(WORDS_AT_ONCE);
      this.used = 0;
    }
    return this.words[this.used++] % limit;
  }
}
