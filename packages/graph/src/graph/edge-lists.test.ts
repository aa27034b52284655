import { describe, expect, it } from 'vitest';
import { requireUndirected, undirected, withSelfLoops } from './edge-lists.ts';

const edges = (sources: number[], targets: number[]) => ({
  sources: Int32Array.from(sources),
  targets: Int32Array.from(targets),
});

describe('edge lists', () => {
  it('get exactly one loop at each node', () => {
    expect(withSelfLoops(edges([0, 1, 1], [1, 1, 1]), 3)).toEqual(edges([0, 0, 1, 2], [1, 0, 1, 2]));
    expect(withSelfLoops(edges([], []), 0)).toEqual(edges([], []));
  });

  it('become undirected with each edge once, whatever was there', () => {
    expect(undirected(edges([0, 1, 0, 2], [1, 0, 1, 2]), 3)).toEqual(edges([1, 0, 2], [0, 1, 2]));
  });

  it('keep large node numbers exact', () => {
    const nodes = 3_000_000;
    expect(undirected(edges([2_999_999], [2_999_998]), nodes)).toEqual(
      edges([2_999_999, 2_999_998], [2_999_998, 2_999_999]),
    );
  });

  it('are refused as directed, naming the edge and what adds the other', () => {
    expect(() => requireUndirected('laplacianPositions', edges([0, 1, 1], [1, 0, 2]), 3)).toThrow(
      'laplacianPositions: the graph must be undirected, each edge in both directions, got 1 → 2 without 2 → 1; ' +
        'undirected(edges, nodes) adds it',
    );
    expect(() => requireUndirected('f', edges([0, 1, 1], [1, 0, 1]), 2)).not.toThrow();
  });
});
