import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import {
  alibi,
  and,
  capture,
  causal,
  fromTensor,
  not,
  or,
  padding,
  Random,
  RandomStream,
  slidingWindow,
} from '../index.ts';
import { strided, T5Bias, tensorBias, type Bias, type Mask } from '../index.ts';
import { resolveCall } from './attention-call.ts';
import { attention, operandsOf, type AttentionOptions } from './attention.ts';
import { planBlocks, type BlockSizes } from './block-plan.ts';
import { blockwiseAttention } from './blockwise.ts';
import { biases, masks, scores, SHAPE, withoutReading } from './every-step.test-support.ts';

const random = new Random(53);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

/** The softmax of one path is summed in another order than that of the other. */
const TOLERANCE = { absolute: 1e-5, relative: 1e-5 };

type Choice = Omit<AttentionOptions, 'query' | 'key' | 'value'>;
type Path = (options: AttentionOptions) => tf.Tensor;

const inBlocks = (sizes: BlockSizes): Path => {
  return ({ query, key, value, ...settings }) =>
    tf.tidy(() => {
      const call = resolveCall(operandsOf({ query, key, value }), settings);
      return blockwiseAttention(call, { sizes, blocks: planBlocks(call.operands, sizes, call.mask) });
    });
};

const denseAttention: Path = (options) => attention({ ...options, path: 'dense' });

/** The result and the gradients of Σ result ∘ cos by query, key, value and every weight that the choice has. */
function resultAndGradients(path: Path, inputs: tf.Tensor[], choice: Choice, weights: tf.Variable[] = []) {
  const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => path({ query, key, value, ...choice });
  const result = run(inputs[0], inputs[1], inputs[2]);
  const uneven = tf.reshape(tf.cos(tf.mul(tf.range(0, result.size), 1.7)), result.shape);
  const touched = (x: tf.Tensor) => tf.mul(tf.sum(x), 0); // connects what a score does not ask
  const loss = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
    tf.addN([tf.sum(tf.mul(run(query, key, value), uneven)), touched(query), touched(key)]) as tf.Scalar;
  const gradients = tf.grads(loss)(inputs);
  const byWeight =
    weights.length === 0 ? {} : tf.variableGrads(() => loss(inputs[0], inputs[1], inputs[2]), weights).grads;
  return [result, ...gradients, ...weights.map((weight) => byWeight[weight.name])];
}

/** The results and gradients in blocks, and those of the dense path, side by side: flat, and as long as each other. */
function bothPaths(choice: Choice, inputs: tf.Tensor[], sizes: BlockSizes, weights: tf.Variable[] = []) {
  const flat = (path: Path) =>
    tf.tidy(() => {
      const tensors = resultAndGradients(path, inputs, choice, weights);
      return tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1]))).dataSync() as Float32Array;
    });
  return { blockwise: flat(inBlocks(sizes)), dense: flat(denseAttention) };
}

function weightsOf(part: object): tf.Variable[] {
  return Object.values(part).flatMap((value: unknown) => {
    if (value instanceof tf.Variable) return [value];
    return typeof value === 'object' && value !== null && !(value instanceof tf.Tensor) ? weightsOf(value) : [];
  });
}

describe('the blockwise path gives what the dense path gives', () => {
  const inputs = [normal(...SHAPE), normal(...SHAPE), normal(...SHAPE)];
  const sizes: BlockSizes[] = [
    { queries: 4, keys: 4 },
    { queries: 3, keys: 3 },
    { queries: 1, keys: 2 },
    { queries: 2, keys: 1 },
  ];

  it.each(Object.entries(scores))('with the score %s, values and all gradients', (_name, score) => {
    for (const size of sizes) {
      const { blockwise, dense } = bothPaths({ score, mask: causal() }, inputs, size, weightsOf(score));
      expect(blockwise).toBeAllClose(dense, TOLERANCE);
    }
  });

  it.each(Object.entries(masks))('with the mask %s', (_name, mask) => {
    for (const size of sizes) {
      const { blockwise, dense } = bothPaths({ mask }, inputs, size);
      expect(blockwise).toBeAllClose(dense, TOLERANCE);
    }
  });

  it.each(Object.entries(biases))('with the bias %s, values and all gradients', (_name, bias) => {
    for (const size of sizes) {
      const { blockwise, dense } = bothPaths({ bias, mask: causal() }, inputs, size, weightsOf(bias));
      expect(blockwise).toBeAllClose(dense, TOLERANCE);
    }
  });

  it('for any shapes, heads, masks, biases and blocks', () => {
    const size = fc.integer({ min: 1, max: 13 });
    const problem = fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      keyValueHeads: fc.integer({ min: 1, max: 2 }),
      shared: fc.integer({ min: 1, max: 2 }),
      queries: size,
      keys: size,
      width: fc.integer({ min: 1, max: 5 }),
      valueWidth: fc.integer({ min: 1, max: 4 }),
      rows: fc.integer({ min: 1, max: 5 }),
      columns: fc.integer({ min: 1, max: 3 }),
      chosen: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
    });
    fc.assert(
      fc.property(problem, (p) => {
        tf.tidy(() => {
          const heads = p.keyValueHeads * p.shared;
          const inputs = [
            normal(p.batch, heads, p.queries, p.width),
            normal(p.batch, p.keyValueHeads, p.keys, p.width),
            normal(p.batch, p.keyValueHeads, p.keys, p.valueWidth),
          ];
          const lengths = Array.from({ length: p.batch }, (_, b) => (p.chosen[0] + 5 * b) % (p.keys + 1));
          const given = tf.greater(normal(p.batch, heads, p.queries, p.keys), 0.5);
          const anyMask: (Mask | undefined)[] = [
            undefined,
            causal(),
            causal({ alignment: 'top-left' }),
            slidingWindow(p.chosen[1] % 4, p.chosen[2] % 3),
            padding(lengths),
            padding(tf.tensor1d(lengths, 'int32')),
            fromTensor(given),
            and(causal(), padding(lengths)),
            or(not(causal()), strided(2)),
          ];
          const anyBias: (Bias | undefined)[] = [
            undefined,
            alibi({ heads }),
            new T5Bias({ heads, buckets: 4, maxDistance: 3, direction: 'both', random }),
            tensorBias(normal(heads, p.queries, p.keys)),
          ];
          const bias = anyBias[p.chosen[1] % anyBias.length];
          const choice = { mask: anyMask[p.chosen[0] % anyMask.length], bias };
          const sizes = { queries: p.rows, keys: p.rows * p.columns };
          const { blockwise, dense } = bothPaths(choice, inputs, sizes, bias === undefined ? [] : weightsOf(bias));
          expect(blockwise).toBeAllClose(dense, TOLERANCE);
        });
      }),
      { numRuns: 120, seed: 6 },
    );
  });

  it('for queries and keys so large that softmax takes one key alone', () => {
    const large = [tf.mul(normal(1, 1, 6, 4), 1e9), tf.mul(normal(1, 1, 6, 4), 1e9), normal(1, 1, 6, 3)];
    const paths = [denseAttention, inBlocks({ queries: 2, keys: 2 })];
    const [expected, actual] = paths.map((path) =>
      path({ query: large[0], key: large[1], value: large[2], mask: slidingWindow(1, 0) }),
    );
    expect(actual).toBeAllClose(expected, TOLERANCE);
  });
});

describe('the blockwise path', () => {
  const [query, key, value] = [normal(2, 4, 9, 3), normal(2, 2, 7, 3), normal(2, 2, 7, 5)];
  const sizes = { queries: 4, keys: 4 };

  it('keeps no tensor, with or without a gradient', () => {
    const run = () => {
      tf.dispose(inBlocks(sizes)({ query, key, value, mask: causal() }));
      tf.dispose(
        tf.grads((q, k, v) =>
          tf.sum(inBlocks(sizes)({ query: q, key: k, value: v, mask: padding(tf.tensor1d([5, 0], 'int32')) })),
        )([query, key, value]),
      );
    };
    tf.tidy(run);
    const before = tf.memory().numTensors;
    tf.tidy(run);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads no value, so that it can be recorded', () => {
    const gradients = withoutReading(() =>
      tf.grads((q, k, v) => tf.sum(inBlocks(sizes)({ query: q, key: k, value: v, mask: causal() })))([
        query,
        key,
        value,
      ]),
    );
    expect(gradients.map((gradient) => gradient.shape)).toEqual([query.shape, key.shape, value.shape]);
  });

  it('has the lengths, ids and positions that a mask holds still there in the backward pass', () => {
    const loss = (q: tf.Tensor) =>
      tf.sum(tf.square(inBlocks(sizes)({ query: q, key, value, mask: padding(tf.tensor1d([5, 3], 'int32')) })));
    const constant = (q: tf.Tensor) =>
      tf.sum(tf.square(inBlocks(sizes)({ query: q, key, value, mask: padding([5, 3]) })));
    expect(tf.grad(loss)(query)).toBeAllClose(tf.grad(constant)(query));
  });

  it('takes gradients to a bias and a temperature that were computed before', () => {
    const raw = normal(4, 9, 7);
    const loss = (path: Path) => (bias: tf.Tensor) =>
      tf.sum(tf.square(path({ query, key, value, bias: tensorBias(tf.tanh(bias)), mask: causal() })));
    expect(tf.grad(loss(inBlocks(sizes)))(raw)).toBeAllClose(tf.grad(loss(denseAttention))(raw), TOLERANCE);
  });

  it('drops the same weights in the backward pass as in the forward one', () => {
    const x = normal(1, 2, 8, 3);
    const identity = tf.reshape(tf.eye(8), [1, 1, 8, 8]).tile([1, 2, 1, 1]);
    const options = (value: tf.Tensor) => ({ query: x, key: x, value, dropout: 0.5, random: RandomStream.of(3, 0) });
    const weights = inBlocks(sizes)(options(identity)); // dropped weights, as they are
    const undropped = denseAttention({ query: x, key: x, value: identity });
    const kept = tf.cast(tf.greater(weights, 0), 'float32');
    expect(tf.mean(kept).dataSync()[0]).toBeGreaterThan(0.3);
    expect(tf.mean(kept).dataSync()[0]).toBeLessThan(0.7);
    expect(weights).toBeAllClose(tf.mul(tf.mul(undropped, kept), 2), TOLERANCE);

    const v = normal(1, 2, 8, 4);
    const written = (q: tf.Tensor, value: tf.Tensor) => {
      const dense = denseAttention({ query: q, key: x, value: identity });
      return tf.sum(tf.square(tf.matMul(tf.mul(tf.mul(dense, kept), 2), value)));
    };
    const blockwise = (q: tf.Tensor, value: tf.Tensor) =>
      tf.sum(tf.square(inBlocks(sizes)({ ...options(value), query: q })));
    const expected = tf.grads(written)([x, v]);
    tf.grads(blockwise)([x, v]).forEach((gradient, i) => expect(gradient).toBeAllClose(expected[i], TOLERANCE));
  });

  it('does not look at blocks that the mask leaves empty, and makes masks that look alike once', () => {
    const window = slidingWindow(2, 0);
    const asked = (pattern: Mask['pattern']) => {
      const regions: string[] = [];
      const mask: Mask = {
        ...window,
        pattern: pattern!,
        allowed: (region) => {
          regions.push(`${region.queries.start}–${region.queries.end} × ${region.keys.start}–${region.keys.end}`);
          return window.allowed(region);
        },
      };
      const x = normal(1, 1, 8, 2);
      inBlocks({ queries: 2, keys: 2 })({ query: x, key: x, value: x, mask });
      return regions;
    };
    expect(asked(() => undefined)).toEqual([
      '0–2 × 0–2',
      '2–4 × 0–2',
      '2–4 × 2–4',
      '4–6 × 2–4',
      '4–6 × 4–6',
      '6–8 × 4–6',
      '6–8 × 6–8',
    ]);
    expect(asked(window.pattern)).toEqual(['0–2 × 0–2', '2–4 × 0–2']);
  });

  it('gives the maps of just the heads and queries that are asked for', () => {
    const options: AttentionOptions = { query, key, value, mask: causal(), bias: alibi({ heads: 4 }), name: 'self' };
    const dense = capture(() => denseAttention(options)).maps[0].weights;
    const whole = capture(() => inBlocks(sizes)(options)).maps[0];
    expect(whole.name).toBe('self');
    expect(whole.weights).toBeAllClose(dense, TOLERANCE);
    for (const score of [undefined, scores.softcap]) {
      const choice = score === undefined ? options : { ...options, score };
      const all = capture(() => denseAttention(choice)).maps[0].weights;
      const { maps } = capture(() => inBlocks(sizes)(choice), { heads: [3, 0], queries: [5, 6, 2] });
      const asked = tf.gather(tf.gather(all, [3, 0], 1), [5, 6, 2], 2);
      expect(maps[0].weights).toBeAllClose(asked, TOLERANCE);
    }
  });

  it('is for softmax and weightedSum', () => {
    const normaliser = { name: 'other', weights: (weights: tf.Tensor) => weights };
    expect(() => attention({ query, key, value, normaliser, path: 'blockwise' })).toThrow(
      'attention: the blockwise path needs softmax and weightedSum, got other and sum',
    );
  });
});
