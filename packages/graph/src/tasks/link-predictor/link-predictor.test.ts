import { Random } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { undirected } from '../../graph/edge-lists.ts';
import { matrix, type GraphData } from '../../graph/graph-data.ts';
import { splitEdges } from '../../graph/split-edges.ts';
import { LinkPredictor } from './link-predictor.ts';

/** Two groups of 20 that are linked among themselves, half of all pairs; features tell the group in noise. */
function twoGroups(): GraphData {
  const random = new Random(4);
  const pairs: [number, number][] = [];
  for (let one = 0; one < 40; one++) {
    for (let other = one + 1; other < 40; other++) {
      if (one % 2 === other % 2 && random.uniform() < 0.5) pairs.push([one, other]);
    }
  }
  const list = { sources: Int32Array.from(pairs, ([a]) => a), targets: Int32Array.from(pairs, ([, b]) => b) };
  const rows = Array.from({ length: 40 }, (_, node) => random.normals(4, node % 2 === 0 ? 0.5 : -0.5));
  return { nodes: 40, features: matrix(rows), ...undirected(list, 40) };
}

const config = { heads: 2, headWidth: 8, embeddingWidth: 8, featureDropout: 0, attentionDropout: 0, seed: 1 };
const split = splitEdges(twoGroups(), { validation: 0.1, test: 0.2, seed: 2 });

async function fitted(): Promise<LinkPredictor> {
  const predictor = new LinkPredictor(config);
  await predictor.fit(split, { epochs: 60, learningRate: 0.01 });
  return predictor;
}

interface Pair {
  readonly source: number;
  readonly target: number;
}

describe.each(['gatv2', 'transformer'] as const)('architecture %s', (architecture) => {
  describeTaskContract('LinkPredictor', {
    create: () => new LinkPredictor({ ...config, architecture, featureDropout: 0.2 }),
    untrained: () => new LinkPredictor(),
    load: (folder) => LinkPredictor.load(folder),
    folder: memoryFolder,
    fit: (predictor, options) => predictor.fit(split, options),
    fitBadly: (predictor) =>
      predictor.fit({ graph: { ...split.graph, sources: new Int32Array(), targets: new Int32Array() } }),
    inputs: [
      { source: 0, target: 2 },
      { source: 0, target: 1 },
      { source: 5, target: 5 },
    ],
    predict: async (predictor, pairs: readonly Pair[], options) => {
      const list = {
        sources: Int32Array.from(pairs, ({ source }) => source),
        targets: Int32Array.from(pairs, ({ target }) => target),
      };
      return [...(await predictor.predict(split.graph, list, options))];
    },
    outcome: (probability) => ({ exact: undefined, numbers: [probability] }),
  });
});

describe('LinkPredictor', () => {
  it('finds held-out links among pairs without one', async () => {
    const predictor = await fitted();
    const { auc, averagePrecision } = await predictor.evaluate(split.graph, split.test);
    // a third of the pairs without a link lie inside of a group and cannot be told from links: at best 1 − ½ · ⅓ ≈ 0.83
    expect(auc).toBeGreaterThan(0.75);
    expect(averagePrecision).toBeGreaterThan(0.6);
    predictor.dispose();
  });

  it('gives probabilities and embeddings', async () => {
    const predictor = await fitted();
    const pairs = { sources: Int32Array.of(0, 0), targets: Int32Array.of(2, 1) };
    const [inside, across] = await predictor.predict(split.graph, pairs);
    expect(inside).toBeGreaterThan(across);
    expect(inside).toBeLessThanOrEqual(1);
    const embeddings = await predictor.embed(split.graph);
    expect(embeddings.length).toBe(40 * 8);
    const product = Array.from({ length: 8 }, (_, i) => embeddings[i] * embeddings[16 + i]);
    const logit = product.reduce((sum, value) => sum + value, 0);
    expect(inside).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
    predictor.dispose();
  });

  it('measures validation links after every epoch; none are as good as no validation', async () => {
    const predictor = new LinkPredictor(config);
    const { best, evaluations } = await predictor.fit(split, { epochs: 30, learningRate: 0.01 });
    expect(evaluations.length).toBe(30);
    const measured = await predictor.evaluate(split.graph, split.validation);
    expect(measured.loss).toBeCloseTo(best!.metrics.loss, 4);
    expect(measured.auc).toBeCloseTo(best!.metrics.auc, 4);
    const nothing = splitEdges(twoGroups(), { validation: 0, test: 0.2, seed: 2 });
    expect((await predictor.fit(nothing, { epochs: 2 })).evaluations).toEqual([]);
    await expect(predictor.evaluate(split.graph, nothing.validation)).rejects.toThrow(
      'LinkPredictor.evaluate: there must be links to measure on, got none',
    );
    predictor.dispose();
  });

  it('learns from a dense graph with as many other pairs as there are, and refuses one that links all', async () => {
    const circle = (steps: readonly number[]) => {
      const pairs = steps.flatMap((step) => Array.from({ length: 8 }, (_, node) => [node, (node + step) % 8]));
      const list = { sources: Int32Array.from(pairs, ([a]) => a), targets: Int32Array.from(pairs, ([, b]) => b) };
      const features = matrix(Array.from({ length: 8 }, (_, node) => [1, node % 2]));
      return { nodes: 8, features, ...undirected(list, 8) };
    };
    const predictor = new LinkPredictor(config);
    // 24 of 28 pairs are linked: the four that lie opposite are not
    const { losses } = await predictor.fit({ graph: circle([1, 2, 3]) }, { epochs: 3 });
    expect(losses.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    predictor.dispose();
    await expect(new LinkPredictor(config).fit({ graph: circle([1, 2, 3, 4]) })).rejects.toThrow(
      'LinkPredictor.fit: the graph must have a pair of nodes without a link, got links between all 8',
    );
  });

  it('refuses a directed graph, one without links, and pairs of nodes that are not there', async () => {
    const arc = { ...split.graph, sources: Int32Array.of(0), targets: Int32Array.of(1) };
    await expect(new LinkPredictor(config).fit({ graph: arc })).rejects.toThrow('the graph must be undirected');
    const empty = { ...split.graph, sources: new Int32Array(), targets: new Int32Array() };
    await expect(new LinkPredictor(config).fit({ graph: empty })).rejects.toThrow('must have a link to learn from');
    const predictor = await fitted();
    const pairs = { sources: Int32Array.of(0), targets: Int32Array.of(40) };
    await expect(predictor.predict(split.graph, pairs)).rejects.toThrow(
      'every target must be a node in [0, 40), got 40',
    );
    predictor.dispose();
  });
});
