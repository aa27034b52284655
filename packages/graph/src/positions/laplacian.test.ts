import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { laplacianPositions } from './laplacian.ts';
import { randomWalkPositions } from './random-walk.ts';

// tooling/golden/graph-positions.py wrote it with PyTorch Geometric 2.8.1.
const golden = JSON.parse(readFileSync(new URL('positions.golden.json', import.meta.url), 'utf8')) as {
  sources: number[];
  targets: number[];
  laplacian: number[][];
  randomWalk: number[][];
};
const edges = { sources: Int32Array.from(golden.sources), targets: Int32Array.from(golden.targets) };
const none = { sources: new Int32Array(), targets: new Int32Array() };

describe('laplacianPositions', () => {
  it('are those of PyTorch Geometric, but for signs', () => {
    const positions = laplacianPositions(edges, 9, 3);
    for (let column = 0; column < 3; column++) {
      const ours = Array.from({ length: 9 }, (_, node) => positions.data[3 * node + column]);
      const theirs = golden.laplacian.map((row) => row[column]);
      const sign = Math.sign(ours.reduce((sum, value, node) => sum + value * theirs[node], 0));
      expect(ours.map((value) => value * sign)).toBeAllClose(theirs, { absolute: 1e-5 });
    }
  });

  it('have a positive greatest entry, and zeros where eigenvectors end', () => {
    const { data, shape } = laplacianPositions(edges, 9, 10);
    expect(shape).toEqual([9, 10]);
    for (let column = 0; column < 8; column++) {
      const values = Array.from({ length: 9 }, (_, node) => data[10 * node + column]);
      expect(Math.max(...values)).toBeGreaterThanOrEqual(-Math.min(...values) - 1e-6);
    }
    expect(Array.from({ length: 9 }, (_, node) => data[10 * node + 9])).toEqual(Array(9).fill(0));
  });

  it('cope with a node without edges, a single node and no node', () => {
    expect(laplacianPositions(none, 2, 1).data.every(Number.isFinite)).toBe(true);
    expect([...laplacianPositions(none, 1, 2).data]).toEqual([0, 0]);
    expect(laplacianPositions(none, 0, 2).shape).toEqual([0, 2]);
  });

  it('refuse a directed graph and one that is too large', () => {
    const arc = { sources: Int32Array.of(0), targets: Int32Array.of(1) };
    expect(() => laplacianPositions(arc, 2, 1)).toThrow('laplacianPositions: the graph must be undirected');
    expect(() => laplacianPositions(none, 2001, 1)).toThrow('at most 2000 nodes, got 2001; use randomWalkPositions');
  });
});

describe('randomWalkPositions', () => {
  it('are those of PyTorch Geometric', () => {
    expect(randomWalkPositions(edges, 9, 6).data).toBeAllClose(golden.randomWalk, { absolute: 1e-6 });
  });

  it('follow the direction of edges, and end where none leaves', () => {
    const path = { sources: Int32Array.of(0, 1), targets: Int32Array.of(1, 2) };
    expect([...randomWalkPositions(path, 3, 2).data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('refuse what makes no sense', () => {
    expect(() => randomWalkPositions(edges, 9, 0)).toThrow('steps must be a positive integer, got 0');
    expect(() => randomWalkPositions(edges, 5, 1)).toThrow('must be a node in [0, 5)');
  });
});
