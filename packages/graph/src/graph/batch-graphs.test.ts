import { describe, expect, it } from 'vitest';
import { batchGraphs } from './batch-graphs.ts';
import { matrix, type GraphData } from './graph-data.ts';

const graph = (rows: number[][], pairs: number[][] = []): GraphData => ({
  nodes: rows.length,
  features: matrix(rows),
  sources: Int32Array.from(pairs, ([source]) => source),
  targets: Int32Array.from(pairs, ([, target]) => target),
});

describe('batchGraphs', () => {
  it('shifts the edges of later graphs behind the nodes of earlier ones', () => {
    const {
      graph: all,
      graphOf,
      graphs,
    } = batchGraphs([
      graph([[1], [2]], [[0, 1]]),
      graph([]),
      graph(
        [[3], [4], [5]],
        [
          [2, 0],
          [1, 1],
        ],
      ),
    ]);
    expect(all.nodes).toBe(5);
    expect(all.features).toEqual(matrix([[1], [2], [3], [4], [5]]));
    expect([...all.sources]).toEqual([0, 4, 3]);
    expect([...all.targets]).toEqual([1, 2, 3]);
    expect([...graphOf]).toEqual([0, 0, 2, 2, 2]);
    expect(graphs).toBe(3);
  });

  it('stacks edge features, and refuses them for some graphs only', () => {
    const one = { ...graph([[1], [2]], [[0, 1]]), edgeFeatures: matrix([[7, 8]]) };
    expect(batchGraphs([one, one]).graph.edgeFeatures).toEqual(
      matrix([
        [7, 8],
        [7, 8],
      ]),
    );
    expect(() => batchGraphs([one, graph([[1]])])).toThrow('all graphs or none must have edge features, got 1 of 2');
  });

  it('refuses no graph, and features of two widths', () => {
    expect(() => batchGraphs([])).toThrow('batchGraphs: at least one graph is needed, got none');
    expect(() => batchGraphs([graph([[1]]), graph([[1, 2]])])).toThrow(
      'features must be of one width, got 1 and 2 (graph 1)',
    );
  });
});
