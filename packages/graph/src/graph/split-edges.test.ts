import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { karateClub } from '../datasets/karate-club/karate-club.ts';
import type { EdgeList } from './graph-data.ts';
import { readGraph } from './graphology-graph.ts';
import { NegativePairs, splitEdges } from './split-edges.ts';

const club = readGraph(karateClub()).data;
const pairs = ({ sources, targets }: EdgeList) =>
  [...sources].map((source, edge) => [source, targets[edge]].sort((a, b) => a - b).join('–'));

describe('splitEdges', () => {
  const { graph, validation, test } = splitEdges(club, { validation: 0.1, test: 0.2, seed: 3 });

  it('takes held-out edges out of the graph in both directions', () => {
    const seen = new Set(pairs(graph));
    for (const pair of [...pairs(validation.positive), ...pairs(test.positive)]) expect(seen.has(pair)).toBe(false);
    expect(seen.size + validation.positive.sources.length + test.positive.sources.length).toBe(78);
    expect([validation.positive.sources.length, test.positive.sources.length]).toEqual([8, 16]);
    expect(graph.sources.length).toBe(2 * seen.size);
  });

  it('draws as many negatives, all different, none an edge of the whole graph', () => {
    const negatives = [...pairs(validation.negative), ...pairs(test.negative)];
    const edges = new Set(pairs(club));
    expect(negatives.length).toBe(24);
    expect(new Set(negatives).size).toBe(24);
    for (const pair of negatives) expect(edges.has(pair)).toBe(false);
  });

  it('is the same again by its seed', () => {
    expect(splitEdges(club, { seed: 3 })).toEqual(splitEdges(club, { seed: 3 }));
    expect(splitEdges(club, { seed: 3 })).not.toEqual(splitEdges(club, { seed: 4 }));
  });

  it('refuses a directed graph, and shares that leave nothing', () => {
    const arc = { ...club, sources: Int32Array.of(0), targets: Int32Array.of(1) };
    expect(() => splitEdges(arc, { seed: 1 })).toThrow('splitEdges: the graph must be undirected');
    expect(() => splitEdges(club, { validation: 0.5, test: 0.5, seed: 1 })).toThrow('must be shares that leave some');
  });
});

describe('NegativePairs', () => {
  it('says when there are too few pairs without an edge', () => {
    const triangle = { sources: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 0) };
    expect(() => new NegativePairs(triangle, 3).draw(1, new Random(1))).toThrow(
      'there must be 1 pairs without an edge, got 0',
    );
  });
});
