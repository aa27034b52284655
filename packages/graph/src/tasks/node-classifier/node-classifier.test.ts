import { describeTaskContract } from '@heed/testing';
import { memoryFolder, type TrainingEvent } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { karateClub } from '../../datasets/karate-club/karate-club.ts';
import { matrix } from '../../graph/graph-data.ts';
import { readGraph } from '../../graph/graphology-graph.ts';
import { inducedSubgraph } from '../../graph/split-nodes.ts';
import type { NodeClassifierOptions, NodeFitOptions } from './node-classifier-config.ts';
import { NodeClassifier } from './node-classifier.ts';
import type { NodeData } from './node-data.ts';

const small = { heads: 4, headWidth: 4, featureDropout: 0, attentionDropout: 0, seed: 1 } as const;

const club = (): NodeData => readGraph(karateClub()).data;

async function fitted(): Promise<NodeClassifier> {
  const classifier = new NodeClassifier(small);
  await classifier.fit(club(), { epochs: 60, learningRate: 0.02 });
  return classifier;
}

const sampled = { batchSize: 12, neighbours: [4, 4] };
const marked = (features: NodeData['features']) => ({ ...features, data: features.data.map((value) => value / 2) });
describe.each([
  ['gatv2', { ...small, architecture: 'gatv2' }, {}],
  ['gatv2 with sampled neighbours', { ...small, featureDropout: 0.2 }, sampled],
  ['transformer', { ...small, architecture: 'transformer' }, {}],
  ['mlp', { architecture: 'mlp', hiddenWidth: 8 }, {}],
] satisfies [string, NodeClassifierOptions, NodeFitOptions][])('architecture %s', (_, config, fitOptions) => {
  describeTaskContract('NodeClassifier', {
    create: () => new NodeClassifier(config),
    untrained: () => new NodeClassifier(config),
    load: (folder) => NodeClassifier.load(folder),
    folder: memoryFolder,
    fit: (classifier, options) => classifier.fit({ ...club(), split: {} }, { ...fitOptions, ...options }),
    fitBadly: (classifier) => classifier.fit({ ...club(), split: { train: Int32Array.of(99) } }),
    // of these the first two have one shape, and the last has no edges
    inputs: [
      club(),
      { ...club(), features: marked(club().features) },
      inducedSubgraph(club(), Int32Array.of(0, 1, 2, 3, 33)),
      { ...club(), sources: new Int32Array(), targets: new Int32Array() },
    ],
    predict: (classifier, graphs, options) => classifier.predict(graphs, options),
    outcome: ({ classes, probabilities, attention }) => ({
      exact: [[...classes], attention.length],
      numbers: [...probabilities, ...attention],
    }),
  });
});

/** Pairs of linked nodes, each pair with its class's own feature. */
function pairsOf(classNames: readonly string[], features: readonly string[]): NodeData {
  const nodes = 2 * features.length;
  const ends = Int32Array.from({ length: nodes }, (_, node) => node);
  const known = ['a', 'b', 'c', 'd'];
  return {
    nodes,
    features: matrix(Array.from(ends, (node) => known.map((name) => Number(features[node >> 1] === name)))),
    sources: ends,
    targets: ends.map((node) => node ^ 1),
    labels: ends.map((node) => classNames.indexOf(features[node >> 1])),
    classes: classNames.length,
    classNames,
  };
}

describe('classes of a graph', () => {
  const trained = async () => {
    const classifier = new NodeClassifier({ ...small });
    await classifier.fit(pairsOf(['a', 'b', 'c'], ['a', 'b', 'c']), { epochs: 60, learningRate: 0.05 });
    return classifier;
  };

  it.each([
    ['some are missing', ['a', 'c']],
    ['they stand in another order', ['c', 'a', 'b']],
    ['there is one more that no node has', ['d', 'c', 'b', 'a']],
  ])('are compared by name where %s', async (_, classNames) => {
    const classifier = await trained();
    const { accuracy, loss } = await classifier.evaluate(pairsOf(classNames, ['c', 'a', 'c']));
    expect(accuracy).toBe(1);
    expect(loss).toBeLessThan(0.2);
    classifier.dispose();
  });

  it('are refused where one was never learned, in evaluate and at a second fit', async () => {
    const classifier = await trained();
    const unknown = 'a label must be one of ["a","b","c"], got "d" at 2';
    const data = pairsOf(['a', 'd'], ['a', 'd']);
    await expect(classifier.evaluate(data)).rejects.toThrow(`NodeClassifier.evaluate: ${unknown}`);
    await expect(classifier.fit(data)).rejects.toThrow(`NodeClassifier.fit: ${unknown}`);
    await expect(classifier.fit({ ...data, classNames: ['a', 'a'] })).rejects.toThrow(
      'NodeClassifier.fit: classNames must differ, got "a" twice',
    );
    classifier.dispose();
  });
});

describe('NodeClassifier', () => {
  it('refuses what it would ignore or cannot sample, before it is trained', async () => {
    const data = club();
    const edgeFeatures = matrix(Array.from(data.sources, () => [1]));
    const fit = (options: NodeFitOptions, change: Partial<NodeData> = {}, config: NodeClassifierOptions = small) =>
      new NodeClassifier(config).fit({ ...data, ...change }, options);
    await expect(fit({ batchSize: 4 })).rejects.toThrow(
      'NodeClassifier.fit: batchSize must come with neighbours, got batchSize=4 alone',
    );
    await expect(fit({ batchSize: 0, neighbours: [4, 4] })).rejects.toThrow('NodeClassifier.fit: batchSize:');
    await expect(fit({ neighbours: [4] })).rejects.toThrow(
      'NodeClassifier.fit: neighbours must have 2 numbers, one per layer, got 1',
    );
    await expect(fit({ neighbours: [4, -1] })).rejects.toThrow(
      'NodeClassifier.fit: neighbours must be whole numbers or Infinity, got -1 at 1',
    );
    await expect(fit({ neighbours: [4, 4] }, { edgeFeatures })).rejects.toThrow(
      'NodeClassifier.fit: neighbours must come without edge features, got 1 of each edge',
    );
    await expect(fit({}, { edgeFeatures }, { ...small, architecture: 'gat' })).rejects.toThrow(
      "NodeClassifier.fit: edge features go with architecture 'gatv2' or 'transformer', got 1 of each edge with 'gat'",
    );
    // @ts-expect-error a perceptron has no heads
    expect(() => new NodeClassifier({ architecture: 'mlp', heads: 4 })).toThrow('Unrecognized key: "heads"');
  });

  it.each(['gat', 'gatv2'] as const)(
    'finds who went with whom from two labelled members, with %s',
    async (architecture) => {
      const classifier = new NodeClassifier({ ...small, architecture });
      await classifier.fit(karateClub(), { epochs: 60, learningRate: 0.02 });
      // 32 members are inferred; guessing gives half
      expect((await classifier.evaluate(karateClub())).accuracy).toBeGreaterThan(0.8);
      classifier.dispose();
    },
  );

  it('cannot find them without edges: one member says nothing of another', async () => {
    const classifier = new NodeClassifier({ architecture: 'mlp', hiddenWidth: 16, featureDropout: 0, seed: 1 });
    await classifier.fit(karateClub(), { epochs: 60, learningRate: 0.02 });
    expect((await classifier.evaluate(karateClub())).accuracy).toBeLessThan(0.75);
    classifier.dispose();
  });

  it('gives classes with probabilities, in the words of the labels', async () => {
    const classifier = await fitted();
    const { classes, probabilities, classNames } = await classifier.predict(club());
    expect(classNames).toEqual(['instructor', 'president']);
    expect(classes.length).toBe(34);
    expect([classes[0], classes[33]]).toEqual([0, 1]);
    for (let node = 0; node < 34; node++) {
      expect(probabilities[2 * node] + probabilities[2 * node + 1]).toBeCloseTo(1, 5);
      expect(probabilities[2 * node + classes[node]]).toBeGreaterThanOrEqual(0.5);
    }
    classifier.dispose();
  });

  it('learns the same from the same seed', async () => {
    const [one, other] = [await fitted(), await fitted()];
    expect((await one.predict(club())).probabilities).toEqual((await other.predict(club())).probabilities);
    one.dispose();
    other.dispose();
  });

  it('keeps the weights of the best epoch and stops when patience ends', async () => {
    const data = club();
    const validation = Int32Array.from({ length: 16 }, (_, index) => index + 1);
    const events: TrainingEvent[] = [];
    const classifier = new NodeClassifier({ ...small, featureDropout: 0.5 });
    const split = { ...data.split, validation };
    const history = await classifier.fit(
      { ...data, split },
      { epochs: 400, patience: 5, learningRate: 0.02, onEvent: (event) => events.push(event) },
    );
    expect(history.steps).toBeLessThan(400);
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'stopped-early' });
    const best = history.best!.metrics;
    const measured = await classifier.evaluate(data, validation);
    expect(measured.loss).toBeCloseTo(best.loss, 4);
    expect(measured.accuracy).toBeCloseTo(best.accuracy, 5);
    classifier.dispose();
  });

  it('ends at an aborted signal and keeps what it learned', async () => {
    const controller = new AbortController();
    const classifier = new NodeClassifier(small);
    const history = await classifier.fit(club(), {
      signal: controller.signal,
      onEvent: (event) => event.type === 'step' && event.step === 3 && controller.abort(),
    });
    expect(history).toMatchObject({ reason: 'aborted', steps: 3 });
    expect((await classifier.predict(club())).classes.length).toBe(34);
    classifier.dispose();
  });

  it('learns from some nodes at a time among sampled neighbours', async () => {
    const data = { ...club(), split: {} };
    const classifier = new NodeClassifier({ ...small, architecture: 'gatv2' });
    await classifier.fit(data, { epochs: 25, learningRate: 0.02, batchSize: 12, neighbours: [4, 4] });
    expect((await classifier.evaluate(data)).accuracy).toBeGreaterThan(0.9);
    classifier.dispose();
  });

  it('writes predictions and attention onto a graphology graph', async () => {
    const graph = karateClub();
    const classifier = await fitted();
    const { classes, classNames, attention } = await classifier.annotate(graph);
    expect(graph.getNodeAttribute(0, 'prediction')).toBe(classNames[classes[0]]);
    expect(graph.getNodeAttribute(5, 'probability')).toBeGreaterThanOrEqual(0.5);
    // of an edge's two directions the graph gets the mean
    const { edgeKeys } = readGraph(graph);
    const [there, back] = [...edgeKeys.keys()].filter((edge) => edgeKeys[edge] === edgeKeys[0]);
    expect(graph.getEdgeAttribute(edgeKeys[0], 'attention')).toBeCloseTo((attention[there] + attention[back]) / 2, 6);
    classifier.dispose();
  });

  it('explains a prediction by what happens when edges are taken out, and by gradients', async () => {
    const graph = karateClub();
    const classifier = await fitted();
    const probabilityOf = async (whole: typeof graph, member: number, predicted: number) => {
      const { probabilities } = await classifier.predict(whole);
      return probabilities[2 * whole.nodes().indexOf(String(member)) + predicted];
    };
    const { deletion, gradient, attention, predicted, probability } = await classifier.explain(graph, 8);
    const { data, edgeKeys } = readGraph(graph);
    expect(probability).toBeCloseTo(await probabilityOf(graph, 8, predicted), 5);
    for (const [one, other] of [
      [8, 0],
      [8, 33],
      [0, 1],
      [30, 1],
    ]) {
      const without = graph.copy();
      without.dropEdge(one, other);
      const key = graph.edge(one, other)!;
      const expected = probability - (await probabilityOf(without as typeof graph, 8, predicted));
      expect(deletion[edgeKeys.indexOf(key)]).toBeCloseTo(expected, 4);
      expect(graph.getEdgeAttribute(key, 'deletion')).toBeCloseTo(expected, 4);
      expect(graph.getEdgeAttribute(key, 'attention')).toBeGreaterThan(0);
    }
    expect(gradient.some((value) => value > 0)).toBe(true);
    // two layers see two steps: not the edges between members that 8 is not near to
    const far = [...edgeKeys.keys()].find((edge) => data.sources[edge] === 5 && data.targets[edge] === 16)!;
    expect([deletion[far], gradient[far], attention[far]]).toEqual([0, 0, 0]);
    await expect(classifier.explain(graph, 'nobody')).rejects.toThrow(
      "explain: node must be one of the graph's 34 nodes",
    );
    classifier.dispose();
  });

  it('refuses what is not sound, naming it', async () => {
    const data = club();
    const fit = (change: Partial<NodeData>) => new NodeClassifier(small).fit({ ...data, ...change }, { epochs: 1 });
    await expect(fit({ targets: data.targets.map((node) => (node === 33 ? 34 : node)) })).rejects.toThrow(
      'NodeClassifier.fit: every target must be a node in [0, 34), got 34 at edge',
    );
    const features = { ...data.features, data: data.features.data.map((value, i) => (i === 35 ? NaN : value)) };
    await expect(fit({ features })).rejects.toThrow(
      'NodeClassifier.fit: features must be finite, got NaN at node 1, column 1',
    );
    await expect(fit({ labels: data.labels.map((label, node) => (node === 4 ? 2 : label)) })).rejects.toThrow(
      'NodeClassifier.fit: labels must be in [0, 2), or -1 for unknown, got 2 at node 4',
    );
    await expect(fit({ split: { train: Int32Array.of(99) } })).rejects.toThrow(
      'NodeClassifier.fit: the split must name nodes in [0, 34), got 99',
    );
    await expect(fit({ labels: new Int32Array(34).fill(-1) })).rejects.toThrow(
      'NodeClassifier.fit: node 0 of the split must have a label, got none',
    );
    await expect(fit({ classNames: ['a'] })).rejects.toThrow(
      'NodeClassifier.fit: classNames must have one entry per class, got 1 for 2 classes',
    );
    expect(() => new NodeClassifier({ heads: 0 })).toThrow('NodeClassifier: heads:');
    const classifier = await fitted();
    const narrow = { data: new Float32Array(34), shape: [34, 1] as const };
    await expect(classifier.predict({ ...data, features: narrow })).rejects.toThrow(
      'NodeClassifier.predict: features must be 34 wide as in fit, got 1',
    );
    classifier.dispose();
  });
});
