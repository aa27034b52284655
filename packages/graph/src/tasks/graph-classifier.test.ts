import { Random } from '@heed/attention-core';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { undirected } from '../graph/edge-lists.ts';
import { matrix, type GraphData } from '../graph/graph-data.ts';
import { GraphClassifier, type GraphsData } from './graph-classifier.ts';

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
  batch: 8,
  featureDropout: 0,
  attentionDropout: 0,
  seed: 1,
} as const;
const data = ringsAndStars(30);
const split = {
  train: Int32Array.from({ length: 20 }, (_, i) => i),
  test: Int32Array.from({ length: 10 }, (_, i) => 20 + i),
};

async function fitted(architecture: 'gatv2' | 'transformer' = 'gatv2'): Promise<GraphClassifier> {
  const classifier = new GraphClassifier({ ...config, architecture });
  await classifier.fit({ ...data, split }, { epochs: 25, learningRate: 0.02 });
  return classifier;
}

describe('GraphClassifier', () => {
  it.each(['gatv2', 'transformer'] as const)(
    'tells rings from stars that it has not seen, with %s',
    async (architecture) => {
      const classifier = await fitted(architecture);
      expect((await classifier.evaluate({ ...data, split })).accuracy).toBe(1);
      classifier.dispose();
    },
  );

  it('gives a graph the same whatever it is batched with', async () => {
    const classifier = await fitted();
    const together = await classifier.predict(data.graphs);
    for (const graph of [0, 13, 29]) {
      const alone = await classifier.predict([data.graphs[graph]]);
      expect(alone.probabilities).toBeAllClose(together.probabilities.slice(2 * graph, 2 * graph + 2), {
        absolute: 1e-5,
      });
    }
    classifier.dispose();
  });

  it('copes with a graph of one node and with one of none', async () => {
    const classifier = await fitted();
    const none = { sources: new Int32Array(), targets: new Int32Array(), edgeFeatures: matrix([]) };
    const { probabilities } = await classifier.predict([
      { nodes: 1, features: matrix([[1, 0]]), ...none },
      { nodes: 0, features: matrix([]), ...none },
    ]);
    expect(probabilities.length).toBe(4);
    expect(probabilities.every(Number.isFinite)).toBe(true);
    classifier.dispose();
  });

  it('predicts the same after save and load', async () => {
    const classifier = await fitted();
    const folder = memoryFolder();
    await classifier.save(folder);
    const loaded = await GraphClassifier.load(folder);
    expect(await loaded.predict(data.graphs)).toEqual(await classifier.predict(data.graphs));
    classifier.dispose();
    loaded.dispose();
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const classifier = await fitted();
    await classifier.predict(data.graphs);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what is not sound, naming the graph', async () => {
    const classifier = new GraphClassifier(config);
    await expect(classifier.fit({ ...data, labels: data.labels.map((_, i) => (i === 3 ? 2 : 0)) })).rejects.toThrow(
      'GraphClassifier: labels must be in [0, 2), got 2 at graph 3',
    );
    const graphs = data.graphs.map((graph, i) =>
      i === 4 ? { ...graph, targets: graph.targets.map(() => 99) } : graph,
    );
    await expect(classifier.fit({ ...data, graphs })).rejects.toThrow('GraphClassifier: graph 4: every target must be');
    await expect(classifier.predict(data.graphs)).rejects.toThrow(
      'GraphClassifier.predict: fit or load must come first',
    );
  });
});
