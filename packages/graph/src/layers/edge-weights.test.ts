import { expectGradientsToMatchDifferences } from '@heed/testing';
import { capture, intervene, Random, RandomStream, type Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withSelfLoops } from '../graph/edge-lists.ts';
import type { EdgeList } from '../graph/graph-data.ts';
import { edgeCounts } from './dense-edges.ts';
import { edgeTensors, type EdgeTensors } from './edge-tensors.ts';
import { GatLayer, type EdgeLayerInputs } from './gat-layer.ts';
import { GatV2Layer } from './gatv2-layer.ts';
import { projectFeatures, nodeFeatures } from './node-features.ts';
import { TransformerLayer } from './transformer-layer.ts';

interface EdgeLayer extends Module {
  forward(x: tf.Tensor, edges: EdgeTensors, inputs?: EdgeLayerInputs): tf.Tensor;
}

const shape = (seed: number) => ({ inputs: 3, headWidth: 2, heads: 2, random: new Random(seed) });

const layers: Record<string, (seed: number) => EdgeLayer> = {
  GAT: (seed) => new GatLayer(shape(seed)),
  GATv2: (seed) => new GatV2Layer(shape(seed)),
  'graph Transformer': (seed) => new TransformerLayer({ ...shape(seed), skip: false }),
};

const normal = (seed: number, ...dimensions: number[]) =>
  tf.tensor(new Random(seed).normals(tf.util.sizeFromShape(dimensions)), dimensions);

const list = (pairs: ReadonlyArray<readonly [number, number]>): EdgeList => ({
  sources: Int32Array.from(pairs, ([source]) => source),
  targets: Int32Array.from(pairs, ([, target]) => target),
});

/** Graphs of 1 to 8 nodes with any edges, loops and multiple ones included. */
const graphs = fc.integer({ min: 1, max: 8 }).chain((nodes) => {
  const node = fc.integer({ min: 0, max: nodes - 1 });
  return fc.record({ nodes: fc.constant(nodes), pairs: fc.array(fc.tuple(node, node), { maxLength: 20 }) });
});

describe.each(Object.entries(layers))('%s over edges', (_name, create) => {
  it('gives the same whatever the nodes are called and in whatever order the edges stand', () => {
    fc.assert(
      fc.property(graphs, fc.nat(1000), ({ nodes, pairs }, seed) => {
        tf.tidy(() => {
          const layer = create(1);
          const random = new Random(seed);
          const newName = random.shuffle([...Array(nodes).keys()]); // node i is called newName[i]
          const oldName = newName.map((_, name) => newName.indexOf(name));
          const renamed = random.shuffle(pairs.map(([source, target]) => [newName[source], newName[target]] as const));
          const x = normal(seed, nodes, 3);
          const before = layer.forward(x, edgeTensors(list(pairs), nodes));
          const after = layer.forward(tf.gather(x, oldName), edgeTensors(list(renamed), nodes));
          expect(tf.gather(after, newName)).toBeAllClose(before, { absolute: 1e-5 });
          layer.dispose();
        });
      }),
      { numRuns: 30 },
    );
  });

  it('gives weights that add up to 1 over the edges into each node', () => {
    const edges = edgeTensors(
      list([
        [0, 1],
        [0, 1],
        [2, 1],
        [3, 0],
        [1, 1],
      ]),
      4,
    );
    const { maps } = capture(() => create(1).forward(normal(2, 4, 3), edges), { kind: 'edges' });
    const sums = tf.unsortedSegmentSum(maps[0].weights, edges.targets, 4);
    expect(sums).toBeAllClose([
      [1, 1],
      [1, 1],
      [0, 0],
      [0, 0],
    ]);
  });

  it('gives a node that no edge leads to zeros, in values and gradients', () => {
    const layer = create(1);
    const edges = edgeTensors(list([[0, 1]]), 3);
    const x = normal(3, 3, 3);
    expect(tf.slice(layer.forward(x, edges), [2], [1])).toBeAllClose([[0, 0, 0, 0]], { absolute: 0 });
    const gradient = tf.grad((x) => tf.sum(tf.square(layer.forward(x, edges))))(x);
    expect(tf.slice(gradient, [2], [1])).toBeAllClose([[0, 0, 0]], { absolute: 0 });
  });

  it('copes with a graph without edges, a single node, and no node at all', () => {
    const layer = create(1);
    expect(layer.forward(normal(1, 2, 3), edgeTensors(list([]), 2))).toBeAllClose(tf.zeros([2, 4]), { absolute: 0 });
    expect(layer.forward(normal(1, 1, 3), edgeTensors(list([]), 1))).toBeAllClose(tf.zeros([1, 4]), { absolute: 0 });
    const alone = layer.forward(normal(1, 1, 3), edgeTensors(withSelfLoops(list([]), 1), 1));
    expect(tf.all(tf.isFinite(alone)).dataSync()[0]).toBe(1);
    const none = layer.forward(tf.zeros([0, 3]), edgeTensors(list([]), 0));
    expect(none.shape).toEqual([0, 4]);
    const gradient = tf.grad((x) => tf.sum(tf.square(layer.forward(x, edgeTensors(list([]), 2)))))(normal(1, 2, 3));
    expect(gradient).toBeAllClose(tf.zeros([2, 3]), { absolute: 0 });
  });

  it('lets weights be changed, and keeps those of the asked heads', () => {
    const layer = create(1);
    const edges = edgeTensors(
      list([
        [0, 1],
        [2, 1],
      ]),
      3,
    );
    const x = normal(2, 3, 3);
    const off = intervene(
      () => layer.forward(x, edges),
      (_name, weights) => tf.zerosLike(weights),
      { kind: 'edges' },
    );
    expect(off).toBeAllClose(tf.zeros([3, 4]), { absolute: 0 });
    const whole = capture(() => layer.forward(x, edges), { kind: 'edges' }).maps[0];
    const asked = capture(() => layer.forward(x, edges), { kind: 'edges', heads: [1] }).maps[0];
    expect([whole.kind, whole.name, asked.name]).toEqual(['edges', 'edges', 'edges']);
    expect(asked.weights).toBeAllClose(tf.slice(whole.weights, [0, 1], [2, 1]));
    expect(capture(() => layer.forward(x, edges)).maps).toEqual([]);
  });

  it('counts a double edge twice', () => {
    const layer = create(1);
    const x = normal(4, 3, 3);
    const { maps } = capture(
      () =>
        layer.forward(
          x,
          edgeTensors(
            list([
              [0, 2],
              [0, 2],
              [1, 2],
            ]),
            3,
          ),
        ),
      { kind: 'edges' },
    );
    const [first, second, other] = tf.unstack(maps[0].weights);
    expect(first).toBeAllClose(second);
    const single = capture(
      () =>
        layer.forward(
          x,
          edgeTensors(
            list([
              [0, 2],
              [1, 2],
            ]),
            3,
          ),
        ),
      { kind: 'edges' },
    ).maps[0].weights;
    const [one, rest] = tf.unstack(single);
    // one / rest are as exp(s₀) : exp(s₁); doubled, 2·exp(s₀) : exp(s₁)
    expect(tf.div(first, other)).toBeAllClose(tf.div(one, rest), { relative: 1e-4 });
  });

  it('has the gradients of finite differences', () => {
    const layer = create(1);
    const edges = edgeTensors(
      list([
        [0, 1],
        [1, 2],
        [1, 2],
        [2, 0],
        [2, 2],
      ]),
      3,
    );
    expectGradientsToMatchDifferences((x) => layer.forward(x, edges), [normal(5, 3, 3)]);
    const scaled = (x: tf.Tensor, scale: tf.Tensor) => layer.forward(x, { ...edges, scale: scale as tf.Tensor1D });
    expectGradientsToMatchDifferences(scaled, [normal(5, 3, 3), normal(6, 5)]);
  });

  it('drops edges in training only, and by the seed', () => {
    const layer = new GatLayer({ ...shape(1), dropout: 0.5 });
    const edges = edgeTensors(
      list([
        [0, 1],
        [1, 2],
        [2, 0],
        [0, 2],
        [1, 0],
      ]),
      3,
    );
    const x = normal(7, 3, 3);
    const trained = (seed: number) => layer.forward(x, edges, { random: RandomStream.of(seed, 0) });
    expect(layer.forward(x, edges)).toBeAllClose(layer.forward(x, edges), { absolute: 0, relative: 0 });
    expect(trained(1)).toBeAllClose(trained(1), { absolute: 0, relative: 0 });
    expect(trained(1)).not.toBeAllClose(trained(2));
  });

  it('leaves no tensors behind', () => {
    const layer = create(1);
    const edges = edgeTensors(
      list([
        [0, 1],
        [1, 2],
      ]),
      3,
    );
    const x = normal(8, 3, 3);
    const before = tf.memory().numTensors;
    layer.forward(x, edges).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the dense form', () => {
  it.each([
    ['GAT', (join: 'concat' | 'mean') => new GatLayer({ ...shape(1), join })],
    ['GATv2', (join: 'concat' | 'mean') => new GatV2Layer({ ...shape(1), join })],
  ] as const)('of %s equals the form over edges on any graph, in values and gradients', (_name, create) => {
    fc.assert(
      fc.property(graphs, fc.constantFrom('concat', 'mean'), fc.nat(1000), ({ nodes, pairs }, join, seed) => {
        tf.tidy(() => {
          const layer = create(join);
          const x = normal(seed, nodes, 3);
          const edges = edgeTensors(list(pairs), nodes);
          const counts = edgeCounts(list(pairs), nodes);
          expect(layer.forwardDense(x, counts)).toBeAllClose(layer.forward(x, edges), { absolute: 1e-5 });
          const gradient = (run: (x: tf.Tensor) => tf.Tensor) => tf.grad((x) => tf.sum(tf.square(run(x))))(x);
          expect(gradient((x) => layer.forwardDense(x, counts))).toBeAllClose(
            gradient((x) => layer.forward(x, edges)),
            {
              absolute: 1e-5,
            },
          );
          layer.dispose();
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('layers', () => {
  it('rank sources alike for all targets in GAT, but not in GATv2', () => {
    // Brody et al. 2022, theorem 1: in GAT one source scores highest for every target.
    const nodes = 12;
    const everyPair = [...Array(nodes * nodes).keys()].map((i) => [i % nodes, Math.floor(i / nodes)] as const);
    const edges = edgeTensors(list(everyPair), nodes);
    const favourites = (layer: EdgeLayer) => {
      const { maps } = capture(() => layer.forward(normal(9, nodes, 3), edges), { kind: 'edges' });
      const best = tf.argMax(tf.reshape(tf.slice(maps[0].weights, [0, 0], [-1, 1]), [nodes, nodes]), 1); // by target
      return new Set(best.dataSync()).size;
    };
    expect(favourites(new GatLayer({ ...shape(3), headWidth: 8 }))).toBe(1);
    expect(favourites(new GatV2Layer({ ...shape(3), headWidth: 8 }))).toBeGreaterThan(1);
  });

  it('take targets that are the first of the nodes', () => {
    const pairs = list([
      [2, 0],
      [3, 1],
      [1, 0],
      [0, 0],
    ]);
    const x = normal(10, 4, 3);
    for (const create of Object.values(layers)) {
      const layer = create(1);
      const all = layer.forward(x, edgeTensors(pairs, 4));
      const some = layer.forward(x, edgeTensors(pairs, 4, { targetNodes: 2 }));
      expect(some).toBeAllClose(tf.slice(all, [0], [2]));
    }
  });

  it('refuse an edge to a node that is not there', () => {
    expect(() =>
      edgeTensors(
        list([
          [0, 1],
          [0, 5],
        ]),
        3,
      ),
    ).toThrow('edgeTensors: every target must be a node in [0, 3), got 5 at edge 1');
    expect(() => edgeTensors(list([[-1, 1]]), 3)).toThrow('every source must be a node in [0, 3), got -1 at edge 0');
    expect(() => edgeTensors(list([[0, 2]]), 3, { targetNodes: 2 })).toThrow('every target must be in [0, 2), got 2');
  });

  it('refuse missing edge features and impossible widths', () => {
    const edges = edgeTensors(list([[0, 1]]), 2);
    const layer = new GatV2Layer({ ...shape(1), edgeInputs: 2 });
    expect(() => layer.forward(normal(1, 2, 3), edges)).toThrow('edges must have features of width 2, got none');
    expect(() => new GatLayer({ ...shape(1), heads: 0 })).toThrow('GatLayer: heads must be a positive integer, got 0');
  });
});

describe('sparse features', () => {
  it('give what dense ones give, in values and gradients', () => {
    const data = Float32Array.from({ length: 6 * 20 }, (_, i) => (i % 17 === 0 ? 1 + i / 100 : 0));
    const sparse = nodeFeatures({ data, shape: [6, 20] });
    const dense = tf.tensor2d(data, [6, 20]);
    expect(sparse).not.toBeInstanceOf(tf.Tensor);
    const [w, b] = [normal(1, 20, 4) as tf.Tensor2D, normal(2, 4) as tf.Tensor1D];
    expect(projectFeatures(sparse, w, b)).toBeAllClose(projectFeatures(dense, w, b));
    const gradient = (x: typeof sparse) =>
      tf.grad((w) => tf.sum(tf.square(projectFeatures(x, w as tf.Tensor2D, b))))(w);
    expect(gradient(sparse)).toBeAllClose(gradient(dense));
  });
});
