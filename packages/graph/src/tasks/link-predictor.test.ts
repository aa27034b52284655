import { Random } from '@heed/attention-core';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { undirected } from '../graph/edge-lists.ts';
import { matrix, type GraphData } from '../graph/graph-data.ts';
import { splitEdges } from '../graph/split-edges.ts';
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

describe('LinkPredictor', () => {
  it('finds held-out links among pairs without one', async () => {
    const predictor = await fitted();
    const { auc, averagePrecision } = await predictor.evaluate(split.graph, split.test);
    // a third of the pairs without a link lie inside of a group and cannot be told from links: at best 1 − ½ · ⅓ ≈ 0.83
    expect(auc).toBeGreaterThan(0.75);
    expect(averagePrecision).toBeGreaterThan(0.6);
    predictor.dispose();
  });

  it('gives probabilities, the same after save and load', async () => {
    const predictor = await fitted();
    const pairs = { sources: Int32Array.of(0, 0), targets: Int32Array.of(2, 1) };
    const [inside, across] = await predictor.predict(split.graph, pairs);
    expect(inside).toBeGreaterThan(across);
    expect(inside).toBeLessThanOrEqual(1);
    const folder = memoryFolder();
    await predictor.save(folder);
    const loaded = await LinkPredictor.load(folder);
    expect(await loaded.predict(split.graph, pairs)).toEqual(Float32Array.of(inside, across));
    expect((await loaded.embed(split.graph)).length).toBe(40 * 8);
    predictor.dispose();
    loaded.dispose();
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const predictor = await fitted();
    await predictor.evaluate(split.graph, split.test);
    predictor.dispose();
    expect(tf.memory().numTensors).toBe(before);
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
