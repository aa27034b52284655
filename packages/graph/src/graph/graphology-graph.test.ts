import { DirectedGraph, MultiGraph, UndirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';
import { isGraphology, readGraph } from './graphology-graph.ts';

describe('readGraph', () => {
  const twoFriends = () => {
    const graph = new UndirectedGraph();
    graph.addNode('anna', { features: [1, 2], label: 'left', split: 'train' });
    graph.addNode('ben', { features: [3, 4], label: 'right', split: 'test' });
    graph.addNode('carl', { features: [5, 6] });
    graph.addEdgeWithKey('friends', 'anna', 'ben', { years: [3] });
    return graph;
  };

  it('reads an undirected edge in both directions, under its one key', () => {
    const { data, nodeKeys, edgeKeys } = readGraph(twoFriends());
    expect(nodeKeys).toEqual(['anna', 'ben', 'carl']);
    expect(edgeKeys).toEqual(['friends', 'friends']);
    expect([...data.sources]).toEqual([0, 1]);
    expect([...data.targets]).toEqual([1, 0]);
  });

  it('reads features, labels by name, and the split', () => {
    const { data } = readGraph(twoFriends());
    expect([...data.features.data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...data.labels]).toEqual([0, 1, -1]);
    expect(data.classNames).toEqual(['left', 'right']);
    expect([...data.split!.train]).toEqual([0]);
    expect([...data.split!.test]).toEqual([1]);
  });

  it('reads edge features where asked', () => {
    const { data } = readGraph(twoFriends(), { edgeFeatures: 'years' });
    expect(data.edgeFeatures).toEqual({ data: Float32Array.of(3, 3), shape: [2, 1] });
  });

  it('keeps directions, loops and multiple edges', () => {
    const directed = new DirectedGraph();
    directed.addNode(0, { features: [0] });
    directed.addNode(1, { features: [0] });
    directed.addEdge(1, 0);
    directed.addEdge(0, 0);
    expect([...readGraph(directed).data.sources]).toEqual([1, 0]);
    const multiple = new MultiGraph();
    multiple.addNode(0, { features: [0] });
    multiple.addNode(1, { features: [0] });
    multiple.addUndirectedEdge(0, 1);
    multiple.addUndirectedEdge(0, 1);
    multiple.addUndirectedEdge(1, 1);
    expect([...readGraph(multiple).data.sources]).toEqual([0, 1, 0, 1, 1]);
  });

  it('says which node lacks what', () => {
    const graph = new UndirectedGraph();
    graph.addNode('anna', { label: 'left' });
    expect(() => readGraph(graph)).toThrow(
      "readGraph: node 'anna' must have an array of numbers as its 'features', got undefined",
    );
    graph.setNodeAttribute('anna', 'features', [1]);
    graph.setNodeAttribute('anna', 'split', 'training');
    expect(() => readGraph(graph)).toThrow(
      "readGraph: the 'split' of node 'anna' must be train, validation or test, got training",
    );
    graph.addNode('ben', { features: [1, 2] });
    expect(() => readGraph(graph)).toThrow('matrix: rows must have one length, got 1 and 2 (row 1)');
  });

  it('tells graphology graphs from arrays', () => {
    expect(isGraphology(twoFriends())).toBe(true);
    expect(isGraphology(readGraph(twoFriends()).data)).toBe(false);
  });
});
