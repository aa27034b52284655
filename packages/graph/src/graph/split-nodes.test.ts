import { describe, expect, it } from 'vitest';
import { matrix } from './graph-data.ts';
import { inducedSubgraph, splitNodes } from './split-nodes.ts';

const graph = {
  nodes: 30,
  features: matrix(Array.from({ length: 30 }, (_, node) => [node])),
  edgeFeatures: matrix([[1], [2], [3], [4]]),
  sources: Int32Array.of(0, 1, 2, 5),
  targets: Int32Array.of(1, 2, 0, 2),
  labels: Int32Array.from({ length: 30 }, (_, node) => (node === 29 ? -1 : node % 2)),
  classes: 2,
};

describe('splitNodes', () => {
  it('takes so many of each class, and other nodes for validation and test', () => {
    const { train, validation, test } = splitNodes(graph, { trainPerClass: 4, validation: 6, test: 10, seed: 1 });
    expect([train, validation, test].map((nodes) => nodes.length)).toEqual([8, 6, 10]);
    expect([...train].filter((node) => graph.labels[node] === 0).length).toBe(4);
    const all = [...train, ...validation, ...test];
    expect(new Set(all).size).toBe(24);
    expect(all).not.toContain(29);
  });

  it('says what there is too little of', () => {
    expect(() => splitNodes(graph, { trainPerClass: 15, validation: 0, test: 0, seed: 1 })).toThrow(
      'splitNodes: every class must have 15 nodes, got 14 of class 1',
    );
    expect(() => splitNodes(graph, { trainPerClass: 10, validation: 6, test: 10, seed: 1 })).toThrow(
      'splitNodes: 16 nodes beside the trained ones are needed, got 9',
    );
  });
});

describe('inducedSubgraph', () => {
  it('has the nodes and the edges between them, with their features', () => {
    const part = inducedSubgraph(graph, Int32Array.of(2, 1, 5));
    expect(part.features).toEqual(matrix([[2], [1], [5]]));
    expect([...part.sources]).toEqual([1, 2]);
    expect([...part.targets]).toEqual([0, 0]);
    expect(part.edgeFeatures).toEqual(matrix([[2], [4]]));
  });

  it('refuses nodes that are not there or given twice', () => {
    expect(() => inducedSubgraph(graph, Int32Array.of(30))).toThrow('nodes must be in [0, 30), got 30');
    expect(() => inducedSubgraph(graph, Int32Array.of(1, 1))).toThrow('nodes must differ, got 1 twice');
  });
});
