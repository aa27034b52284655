import { roundUp } from '../graph/round-up.ts';
import type { SampledNeighbourhood } from './sample-neighbours.ts';

/** A neighbourhood with sizes from a short list, so that few shapes occur and a step is recorded few times. */
export interface PaddedNeighbourhood {
  /** The graph's own numbers of the nodes, [asked | found by the last layer | … ], each part padded with −1. */
  readonly nodes: Int32Array;
  /** First layer first. Padded edges lead from a padded target to itself. */
  readonly layers: ReadonlyArray<{
    readonly sources: Int32Array;
    readonly targets: Int32Array;
    /** 0 to T − 1: the ends of a self-loop at each target. */
    readonly loops: Int32Array;
  }>;
}

/**
 * Pads a sampled neighbourhood. What real nodes get is unchanged: padded edges lead to padded nodes only, and none leads from these to
 * a real one.
 */
export function padNeighbourhood({ nodes, layers }: SampledNeighbourhood): PaddedNeighbourhood {
  // Parts end where a layer's targets end; the innermost layer is last in `layers`.
  const ends = [...layers].reverse().map(({ targetNodes }) => targetNodes);
  const places = new Int32Array(nodes.length);
  const padded: number[] = [];
  const paddedEnds: number[] = [];
  [...ends, nodes.length].forEach((end, part) => {
    for (let node = part === 0 ? 0 : ends[part - 1]; node < end; node++) {
      places[node] = padded.length;
      padded.push(nodes[node]);
    }
    const size = roundUp(padded.length + 1);
    while (padded.length < size) padded.push(-1);
    paddedEnds.push(padded.length);
  });
  return {
    nodes: Int32Array.from(padded),
    layers: layers.map(({ sources, targets }, index) => {
      const targetNodes = paddedEnds[layers.length - 1 - index];
      const ends = (list: Int32Array) => {
        const out = new Int32Array(roundUp(list.length)).fill(targetNodes - 1);
        list.forEach((node, edge) => (out[edge] = places[node]));
        return out;
      };
      const loops = Int32Array.from({ length: targetNodes }, (_, node) => node);
      return { sources: ends(sources), targets: ends(targets), loops };
    }),
  };
}
