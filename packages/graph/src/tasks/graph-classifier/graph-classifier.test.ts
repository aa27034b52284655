import { Random } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { undirected } from '../../graph/edge-lists.ts';
import { matrix, type GraphData } from '../../graph/graph-data.ts';
import type { GraphsData } from './graph-classifier-config.ts';
import { GraphClassifier } from './graph-classifier.ts';

/** Rings and stars of 5 to 9 nodes, the node's degree not being told; 1 or 2 marks each edge as even or odd. */
function ringsAndStars(count: number): GraphsData {
  const random = new Random(6);
  const graphs: GraphData[] = [];
  const labels = new Int32Array(count);
  for (let graph = 0; graph < count; graph++) {
    const nodes = 5 + random.integer(5);
    const star = graph % 2 === 0;
    labels[graph] = star ? 1 : 0;
    const others = Array.from({ length: star ? nodes - 1 : nodes }, (_, i) => i);
    const list = {
      sources: Int32Array.from(others, (i) => (star ? 0 : i)),
      targets: Int32Array.from(others, (i) => (star ? i + 1 : (i + 1) % nodes)),
    };
    const edges = undirected(list, nodes);
    // the degree, which a mean over neighbours alone would not show
    const degrees = Array<number>(nodes).fill(0);
    edges.targets.forEach((node) => degrees[node]++);
    const edgeFeatures = matrix(Array.from(edges.sources, (source) => [source % 2, 1]));
    graphs.push({ nodes, features: matrix(degrees.map((degree) => [1, degree / 8])), edgeFeatures, ...edges });
  }
  return { graphs, labels, classNames: ['ring', 'star'] };
}

const config = {
  layers: 2,
  heads: 2,
  headWidth: 4,
  width: 8,
  featureDropout: 0,
  attentionDropout: 0,
  seed: 1,
} as const;
const data = ringsAndStars(30);
const split = {
  train: Int32Array.from({ length: 20 }, (_, i) => i),
  test: Int32Array.from({ length: 10 }, (_, i) => 20 + i),
};

/** A graph without edges, which says nothing of their features. */
const bare = (nodes: number): GraphData => ({
  nodes,
  features: matrix([]),
  sources: new Int32Array(),
  targets: new Int32Array(),
});
const atom = { features: matrix([[1, 0]]) };

async function fitted(architecture: 'gatv2' | 'transformer' = 'gatv2'): Promise<GraphClassifier> {
  const classifier = new GraphClassifier({ ...config, architecture });
  await classifier.fit({ ...data, split }, { epochs: 25, learningRate: 0.02, batchSize: 8 });
  return classifier;
}

describe.each(['gatv2', 'transformer'] as const)('architecture %s', (architecture) => {
  describeTaskContract('GraphClassifier', {
    create: () => new GraphClassifier({ ...config, architecture, featureDropout: 0.2 }),
    untrained: () => new GraphClassifier(),
    load: (folder) => GraphClassifier.load(folder),
    folder: memoryFolder,
    fit: (classifier, options) => classifier.fit({ ...data, split }, { batchSize: 8, ...options }),
    fitBadly: (classifier) => classifier.fit({ ...data, labels: data.labels.map(() => 7) }),
    inputs: [...data.graphs.slice(0, 4), { ...bare(1), ...atom }],
    predict: (classifier, graphs, options) => classifier.predict(graphs, options),
    outcome: ({ label, probabilities }) => ({ exact: label, numbers: Object.values(probabilities) }),
    // the sums over nodes are taken by segment, in the order of the batch
    tolerance: 1e-5,
  });
});

describe('GraphClassifier', () => {
  it('learns where a graph of a single node stands first, which says nothing of edges', async () => {
    const graphs = [{ ...bare(1), ...atom }, bare(0), ...data.graphs];
    const labels = Int32Array.of(0, 1, ...data.labels);
    const classifier = new GraphClassifier(config);
    await classifier.fit(
      { graphs, labels, classNames: data.classNames },
      { epochs: 40, learningRate: 0.02, batchSize: 8 },
    );
    expect((await classifier.evaluate(data)).accuracy).toBe(1);
    classifier.dispose();
  });

  it('compares classes by name, and refuses one that was never learned', async () => {
    const classifier = await fitted();
    const swapped = { ...data, labels: data.labels.map((label) => 1 - label), classNames: ['star', 'ring'] };
    expect((await classifier.evaluate(swapped)).accuracy).toBe(1);
    const more = { ...data, labels: data.labels.map((label) => label + 1), classNames: ['tree', 'ring', 'star'] };
    expect((await classifier.evaluate(more)).accuracy).toBe(1);
    const unknown = 'a label must be one of ["ring","star"], got "tree" at 1';
    const other = { ...data, classNames: ['tree', 'star'] };
    await expect(classifier.evaluate(other)).rejects.toThrow(`GraphClassifier.evaluate: ${unknown}`);
    await expect(classifier.fit(other)).rejects.toThrow(`GraphClassifier.fit: ${unknown}`);
    classifier.dispose();
  });

  it('keeps the weights of the best epoch on validation graphs', async () => {
    const classifier = new GraphClassifier(config);
    const validation = split.test;
    const options = { epochs: 15, learningRate: 0.05, batchSize: 8 };
    const { best } = await classifier.fit({ ...data, split: { ...split, validation } }, options);
    const measured = await classifier.evaluate(data, validation);
    expect(measured.loss).toBeCloseTo(best!.metrics.loss, 4);
    expect(measured.accuracy).toBe(best!.metrics.accuracy);
    classifier.dispose();
  });

  it.each(['gatv2', 'transformer'] as const)(
    'tells rings from stars that it has not seen, with %s',
    async (architecture) => {
      const classifier = await fitted(architecture);
      expect((await classifier.evaluate({ ...data, split })).accuracy).toBe(1);
      classifier.dispose();
    },
  );

  it('copes with a graph of one node and with one of none', async () => {
    const classifier = await fitted();
    const none = { sources: new Int32Array(), targets: new Int32Array(), edgeFeatures: matrix([]) };
    const predictions = await classifier.predict([
      { nodes: 1, features: matrix([[1, 0]]), ...none },
      { nodes: 0, features: matrix([]), ...none },
    ]);
    for (const { probabilities } of predictions) expect(probabilities.ring + probabilities.star).toBeCloseTo(1, 5);
    classifier.dispose();
  });

  it('refuses what is not sound, naming the graph', async () => {
    const classifier = new GraphClassifier(config);
    await expect(classifier.fit({ ...data, labels: data.labels.map((_, i) => (i === 3 ? 2 : 0)) })).rejects.toThrow(
      'GraphClassifier.fit: labels must be in [0, 2), got 2 at graph 3',
    );
    const graphs = data.graphs.map((graph, i) =>
      i === 4 ? { ...graph, targets: graph.targets.map(() => 99) } : graph,
    );
    await expect(classifier.fit({ ...data, graphs })).rejects.toThrow(
      'GraphClassifier.fit: graph 4: every target must be',
    );
  });
});
