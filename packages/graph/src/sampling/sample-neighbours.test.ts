import { Random } from '@heed/attention-core';
import { batchTensors } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { withSelfLoops } from '../graph/edge-lists.ts';
import { edgeTensors } from '../layers/edge-tensors.ts';
import { createGat } from '../models/gat/gat.ts';
import { createGatV2 } from '../models/gatv2/gatv2.ts';
import { createGraphTransformer } from '../models/graph-transformer/graph-transformer.ts';
import { indexNeighbours } from './neighbour-index.ts';
import { neighbourhoodBatch, neighbourhoodEdges } from './neighbourhood-batch.ts';
import { padNeighbourhood } from './pad-neighbourhood.ts';
import { sampleNeighbours } from './sample-neighbours.ts';

const NODES = 60;
const random = new Random(5);
const graph = {
  sources: Int32Array.from({ length: 300 }, () => random.integer(NODES)),
  targets: Int32Array.from({ length: 300 }, () => random.integer(NODES)),
};
const withoutLoops = {
  sources: graph.sources.filter((source, edge) => source !== graph.targets[edge]),
  targets: graph.targets.filter((target, edge) => target !== graph.sources[edge]),
};
const index = indexNeighbours(withoutLoops, NODES);

describe('indexNeighbours', () => {
  it('lists the edges into each node', () => {
    for (let node = 0; node < NODES; node++) {
      const expected = [...withoutLoops.targets.keys()].filter((edge) => withoutLoops.targets[edge] === node);
      const edges = [...index.edges.subarray(index.starts[node], index.starts[node + 1])];
      expect(edges).toEqual(expected);
      const sources = [...index.sources.subarray(index.starts[node], index.starts[node + 1])];
      expect(sources).toEqual(expected.map((edge) => withoutLoops.sources[edge]));
    }
  });
});

describe('sampleNeighbours', () => {
  const asked = Int32Array.of(7, 3, 50);

  it('takes edges of the graph, none twice, at most so many into each node', () => {
    const { nodes, layers } = sampleNeighbours(index, asked, [2, 3], new Random(1));
    expect([...nodes.subarray(0, 3)]).toEqual([7, 3, 50]);
    expect(new Set(nodes).size).toBe(nodes.length);
    const [first, last] = layers;
    expect(last.targetNodes).toBe(3);
    expect(new Set(first.edges).size).toBe(first.edges.length);
    for (const { sources, targets, edges, targetNodes } of layers) {
      edges.forEach((edge, i) => {
        expect(withoutLoops.sources[edge]).toBe(nodes[sources[i]]);
        expect(withoutLoops.targets[edge]).toBe(nodes[targets[i]]);
        expect(targets[i]).toBeLessThan(targetNodes);
      });
      const degrees = tf.bincount(tf.tensor1d(targets, 'int32'), tf.zeros([0]), targetNodes).dataSync();
      degrees.forEach((degree, target) => {
        const all = index.starts[nodes[target] + 1] - index.starts[nodes[target]];
        expect(degree).toBe(Math.min(all, target < 3 ? 2 : 3));
      });
    }
  });

  it('takes each edge equally often', () => {
    const node = [...Array(NODES).keys()].find((i) => index.starts[i + 1] - index.starts[i] === 5)!;
    const counts = new Map<number, number>();
    const source = new Random(2);
    for (let i = 0; i < 3000; i++) {
      for (const edge of sampleNeighbours(index, Int32Array.of(node), [2], source).layers[0].edges) {
        counts.set(edge, (counts.get(edge) ?? 0) + 1);
      }
    }
    // 3,000 · 2/5 = 1,200 each; the deviation of one is √(3,000 · 0.4 · 0.6) ≈ 27
    expect(counts.size).toBe(5);
    for (const count of counts.values()) expect(Math.abs(count - 1200)).toBeLessThan(5 * 27);
  });

  it('gives the same for the same seed', () => {
    const sample = (seed: number) => sampleNeighbours(index, asked, [2, 2], new Random(seed));
    expect(sample(3)).toEqual(sample(3));
    expect(sample(3)).not.toEqual(sample(4));
  });

  it('refuses nodes that are not there or asked for twice', () => {
    expect(() => sampleNeighbours(index, Int32Array.of(60), [2], new Random(1))).toThrow(
      'nodes must be in [0, 60), got 60',
    );
    expect(() => sampleNeighbours(index, Int32Array.of(1, 1), [2], new Random(1))).toThrow(
      'nodes must differ, got 1 twice',
    );
  });
});

describe('counts of neighbours', () => {
  it.each([-1, NaN, 2.5])('refuse %s, naming it', (count) => {
    expect(() => sampleNeighbours(index, Int32Array.of(1), [2, count], new Random(1))).toThrow(
      `sampleNeighbours: counts must be whole numbers or Infinity, got ${count} at 1`,
    );
  });
});

describe('a padded neighbourhood', () => {
  const attention = { inputs: 3, heads: 2, headWidth: 4, featureDropout: 0, attentionDropout: 0, outputHeads: 1 };
  const models = {
    gat: createGat({ ...attention, classes: 2, layers: 2 }, 1),
    gatv2: createGatV2({ ...attention, classes: 2, layers: 3, edgeInputs: 0, sharedWeights: false }, 1),
    transformer: createGraphTransformer(
      {
        inputs: 3,
        outputs: 2,
        layers: 2,
        modelWidth: 8,
        heads: 2,
        hiddenWidth: 8,
        edgeInputs: 0,
        dropout: 0,
        attentionDropout: 0,
      },
      1,
    ),
  };

  it.each([
    ['gat', 2],
    ['gatv2', 3],
    ['transformer', 2],
  ] as const)('with all neighbours gives %s what the whole graph gives', (name, depth) => {
    const features = random.normals(NODES * 3);
    const x = tf.tensor2d(features, [NODES, 3]);
    const whole = models[name].forward(x, edgeTensors(withSelfLoops(withoutLoops, NODES), NODES));
    const asked = Int32Array.of(4, 9, 33);
    const sampled = sampleNeighbours(index, asked, Array(depth).fill(Infinity), new Random(1));
    const batch = neighbourhoodBatch(padNeighbourhood(sampled), { data: features, shape: [NODES, 3] });
    const tensors = batchTensors(batch);
    const part = models[name].forward(tensors.x, neighbourhoodEdges(tensors));
    expect(tf.slice(part, [0], [3])).toBeAllClose(tf.gather(whole, asked), { absolute: 1e-5 });
  });

  it('has few different sizes', () => {
    const sizes = new Set<number>();
    const source = new Random(8);
    for (let i = 0; i < 50; i++) {
      const asked = Int32Array.from(source.shuffle([...Array(NODES).keys()]).slice(0, 10));
      sizes.add(padNeighbourhood(sampleNeighbours(index, asked, [2, 2], source)).nodes.length);
    }
    expect(sizes.size).toBeLessThanOrEqual(4);
  });
});
