import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import {
  and,
  causal,
  fromTensor,
  intervene,
  MultiHeadAttention,
  padding,
  Random,
  splitHeads,
  tensorBias,
  type Bias,
  type Mask,
} from '../index.ts';
import { resolveCall } from './attention-call.ts';
import { attention, operandsOf, type AttentionOptions } from './attention.ts';
import { planBlocks } from './block-plan.ts';
import { blockwiseAttention } from './blockwise.ts';
import { normalisers, scores, withoutReading } from './every-step.test-support.ts';

type Path = (options: AttentionOptions) => tf.Tensor;

/** The dense path, that of blocks (of two strips each), that which the backend makes one op of, and that of changed weights. */
const paths: Record<string, Path> = {
  dense: (options) => attention({ ...options, path: 'dense' }),
  blockwise: (options) => attention({ ...options, path: 'blockwise' }),
  'blockwise in small blocks': ({ query, key, value, ...settings }) =>
    tf.tidy(() => {
      const call = resolveCall(operandsOf({ query, key, value }), settings);
      const sizes = { queries: 2, keys: 2 };
      return blockwiseAttention(call, { sizes, blocks: planBlocks(call.operands, sizes, call.mask) });
    }),
  chosen: (options) => attention(options),
  intervened: (options) =>
    intervene(
      () => attention(options),
      (_, weights) => weights,
    ),
};
const MIN = -3.4028234663852886e38;

const column = (...numbers: number[]) => tf.tensor4d(numbers, [1, 1, numbers.length, 1]);
const weigh = (path: Path, options: { bias?: Bias; mask?: Mask; key?: tf.Tensor; query?: tf.Tensor }) => {
  const zeros = column(0, 0, 0);
  return path({ query: zeros, key: zeros, value: column(1, 10, 100), ...options });
};
const biasOf = (...numbers: number[]) => tensorBias(tf.tensor2d(numbers, [1, numbers.length]));

describe.each(Object.entries(paths))('what is hidden, path %s', (_name, path) => {
  it('is hidden by the mask, whatever is added to the score of what is visible', () => {
    // of v = [1, 10, 100]: row 0 sees the first, row 1 the second of two, row 2 the mean of the last two
    const expected = [1, 10, 55];
    expect(weigh(path, { mask: causal(), bias: biasOf(MIN, 0, 0) }).reshape([-1])).toBeAllClose(expected);
    expect(weigh(path, { mask: causal(), bias: biasOf(MIN, MIN, 0) }).reshape([-1])).toBeAllClose([1, 5.5, 100]);
    // rows 0 and 1 see nothing that the bias leaves
    expect(weigh(path, { mask: causal(), bias: biasOf(-Infinity, 0, 0) }).reshape([-1])).toBeAllClose([0, 10, 55]);
    expect(weigh(path, { mask: causal(), bias: biasOf(-Infinity, -Infinity, 0) }).reshape([-1])).toBeAllClose([
      0, 0, 100,
    ]);
  });

  it('is hidden by −∞ in a bias alone, a whole row of which gives 0', () => {
    const all = tensorBias(tf.tensor2d([0, -Infinity, 0, -Infinity, -Infinity, -Infinity, 0, 0, -Infinity], [3, 3]));
    expect(weigh(path, { bias: all }).reshape([-1])).toBeAllClose([50.5, 0, 5.5]);
  });

  it('is hidden from scores as low as float32 has them, forward and backward', () => {
    const [query, value] = [column(1, 1, 1), column(1, 10, 100)];
    const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => path({ query, key, value, mask: causal() });
    const key = column(MIN, MIN, 0);
    expect(run(query, key, value).reshape([-1])).toBeAllClose([1, 5.5, 100]);
    const [, ofKey, ofValue] = tf.grads((...inputs: tf.Tensor[]) => {
      return tf.sum(tf.mul(run(inputs[0], inputs[1], inputs[2]), column(1, 2, 4)));
    })([query, key, value]);
    // row 0 gives its value 1, row 1 half of 2 to each, row 2 all of 4 to the last; keys 0 and 1 differ by 9 in row 1: ½ · ½ · 9 · 2
    expect(ofValue.reshape([-1])).toBeAllClose([2, 1, 4]);
    expect(ofKey.reshape([-1])).toBeAllClose([-4.5, 4.5, 0]);
  });

  it('may be NaN or infinite, key and value, without reaching a result or a gradient', () => {
    for (const wrong of [NaN, Infinity, -Infinity]) {
      for (const mask of [
        causal(),
        padding([2]),
        fromTensor(tf.tensor2d([1, 0, 0, 0, 0, 0, 1, 1, 0], [3, 3], 'int32')),
      ]) {
        const inputs = [column(0.3, -0.2, 0.5), column(1, 2, wrong), column(1, 10, wrong)];
        const sound = [inputs[0], column(1, 2, 7), column(1, 10, 7)];
        const rows = (x: tf.Tensor) => tf.slice(x, [0, 0, 0, 0], [1, 1, 2, 1]); // the last may see the last key
        const run = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => rows(path({ query: q, key: k, value: v, mask }));
        expect(run(inputs[0], inputs[1], inputs[2])).toBeAllClose(run(sound[0], sound[1], sound[2]));
        const gradients = (given: tf.Tensor[]) =>
          tf.grads((q, k, v) => {
            const all = path({ query: q, key: k, value: v, mask });
            const seen = mask.description.startsWith('causal') ? rows(all) : all;
            return tf.sum(tf.square(seen));
          })(given);
        const [actual, expected] = [gradients(inputs), gradients(sound)];
        // the loss does not ask the row that sees it, whose own gradients are 0 · NaN
        const unspoilt = mask.description.startsWith('causal') ? [rows(actual[0])] : actual;
        unspoilt.forEach((gradient, i) => {
          const all = expected[i];
          expect(gradient).toBeAllClose(gradient.size === all.size ? all : rows(all));
        });
      }
    }
  });

  it('is hidden from nobody who sees it: NaN shows', () => {
    const sees = weigh(path, { mask: causal(), key: column(0, NaN, 0) }).dataSync();
    expect([...sees].map(Number.isNaN)).toEqual([false, true, true]);
    const values = path({ query: column(0, 0), key: column(0, 0), value: column(1, NaN), mask: causal() }).dataSync();
    expect([...values].map(Number.isNaN)).toEqual([false, true]);
  });

  it('takes no part: any masks, biases, scores and hidden numbers', () => {
    const wild = fc.constantFrom(NaN, Infinity, -Infinity, 1e30, 0);
    const size = fc.record({ L: fc.integer({ min: 1, max: 5 }), S: fc.integer({ min: 1, max: 6 }) });
    const cases = size.chain(({ L, S }) =>
      fc.record({
        L: fc.constant(L),
        S: fc.constant(S),
        seen: fc.array(fc.boolean(), { minLength: L * S, maxLength: L * S }),
        byBias: fc.array(fc.boolean(), { minLength: L * S, maxLength: L * S }),
        low: fc.constantFrom(0, MIN, -1e38, 50),
        gone: fc.array(fc.boolean(), { minLength: S, maxLength: S }),
        wild,
        heads: fc.constantFrom(1, 2),
        seed: fc.nat(100),
      }),
    );
    fc.assert(
      fc.property(cases, ({ L, S, seen, byBias, low, gone, wild, heads, seed }) => {
        tf.tidy(() => {
          const random = new Random(seed);
          const normal = (...shape: number[]) => random.normals(tf.util.sizeFromShape(shape));
          const visible = (q: number, k: number) => seen[q * S + k] && byBias[q * S + k] && !gone[k];
          const [q, k, v] = [normal(heads, L, 2), normal(S, 2), normal(S, 2)];
          const hiddenBy = (i: number) => (byBias[i] ? low : -Infinity);
          const bias = tensorBias(
            tf.tensor2d(
              Float32Array.from({ length: L * S }, (_, i) => hiddenBy(i)),
              [L, S],
            ),
          );
          const mask = and(
            fromTensor(tf.tensor2d(seen.map(Number), [L, S], 'bool')),
            fromTensor(
              tf.tensor2d(
                gone.map((is) => Number(!is)),
                [1, S],
                'bool',
              ),
            ),
          );
          const spoil = (x: Float32Array) => x.map((number, i) => (gone[Math.floor(i / 2)] ? wild : number));
          const inputs = [
            tf.tensor4d(q, [1, heads, L, 2]),
            tf.tensor4d(spoil(k), [1, 1, S, 2]),
            tf.tensor4d(spoil(v), [1, 1, S, 2]),
          ];
          const expected = new Float32Array(heads * L * 2);
          for (let row = 0; row < heads * L; row++) {
            const keys = [...Array(S).keys()].filter((key) => visible(row % L, key));
            const scored = keys.map((key) =>
              Math.fround(low + (q[2 * row] * k[2 * key] + q[2 * row + 1] * k[2 * key + 1]) / Math.SQRT2),
            );
            const exponentials = scored.map((score) => Math.exp(score - Math.max(...scored)));
            const sum = exponentials.reduce((a, b) => a + b, 0);
            keys.forEach((key, i) => {
              expected[2 * row] += (exponentials[i] / sum) * v[2 * key];
              expected[2 * row + 1] += (exponentials[i] / sum) * v[2 * key + 1];
            });
          }
          const run = (...[query, key, value]: tf.Tensor[]) => path({ query, key, value, mask, bias });
          expect(run(...inputs)).toBeAllClose(tf.tensor(expected, [1, heads, L, 2]), {
            absolute: 2e-5,
            relative: 1e-4,
          });
          const [ofQuery, ofKey, ofValue] = tf.grads((...given) => tf.sum(tf.square(run(...given))))(inputs);
          for (const gradient of [ofQuery, ofKey, ofValue])
            expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
          const atGone = (x: tf.Tensor) => [...x.dataSync()].filter((_, i) => gone[Math.floor(i / 2)]);
          expect(
            atGone(ofKey)
              .concat(atGone(ofValue))
              .every((number) => number === 0),
          ).toBe(true);
        });
      }),
      { numRuns: 60, seed: 18 },
    );
  });
});

describe('what is hidden', () => {
  it.each(Object.keys(normalisers))('has weight 0 and gradient 0 with the normaliser %s', (name) => {
    const value = tf.tensor4d([1, 10, NaN], [1, 1, 3, 1]);
    const run = (query: tf.Tensor) =>
      attention({
        query,
        key: column(1, 2, NaN),
        value,
        mask: padding([2]),
        bias: biasOf(0, -Infinity, 0),
        normaliser:
          name === 'softmax with sinks'
            ? normalisers.softmax()
            : name === 'local Gaussian'
              ? normalisers.sparsemax()
              : normalisers[name](),
      });
    const alone = attention({
      query: column(0.1, 0.2, 0.3),
      key: column(1),
      value: column(1),
      normaliser:
        name === 'softmax with sinks' || name === 'local Gaussian' ? normalisers.softmax() : normalisers[name](),
    });
    const result = run(column(0.1, 0.2, 0.3));
    expect(result.dataSync().every(Number.isFinite)).toBe(true);
    const unlike = name === 'sigmoid'; // its bias is the number of all keys
    expect(unlike ? tf.zerosLike(result) : result).toBeAllClose(unlike ? tf.zerosLike(result) : alone, {
      absolute: 1e-5,
    });
    const gradient = tf.grad((query) => tf.sum(run(query)))(column(0.1, 0.2, 0.3));
    expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
  });

  it.each(Object.keys(scores).filter((name) => name !== 'temperature'))('stays hidden with the score %s', (name) => {
    const random = new Random(3);
    const make = () => tf.tensor4d(random.normals(2 * 4 * 3), [1, 2, 4, 3]);
    const [query, key, value] = [make(), make(), make()];
    const last = fromTensor(tf.tensor4d([0, 0, 0, 1], [1, 1, 4, 1], 'bool')).allowed({
      queries: { start: 0, end: 4 },
      keys: { start: 0, end: 1 },
      queryLength: 4,
      keyLength: 1,
    });
    const spoilt = (x: tf.Tensor) => tf.where(last, tf.fill(x.shape, NaN), x);
    for (const path of ['dense', 'blockwise', 'auto'] as const) {
      const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
        attention({ query, key, value, mask: padding([3]), score: scores[name], path });
      const zeroed = (x: tf.Tensor) => tf.where(last, tf.zerosLike(x), x);
      expect(run(query, spoilt(key), spoilt(value))).toBeAllClose(run(query, zeroed(key), zeroed(value)), {
        absolute: 1e-5,
      });
      const gradient = tf.grad((query) =>
        tf.add(tf.sum(run(query, spoilt(key), spoilt(value))), tf.mul(tf.sum(query), 0)),
      )(query);
      expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    }
  });

  it('needs nothing to be read, so that it can be recorded', () => {
    const x = tf.ones([1, 1, 4, 2]);
    for (const path of ['dense', 'blockwise', 'auto'] as const) {
      const run = () => attention({ query: x, key: x, value: x, mask: causal(), bias: biasOf(0, 0, 0, 0), path });
      expect(withoutReading(run).shape).toEqual(x.shape);
    }
  });
});

describe('masks, biases and tensors that do not fit', () => {
  const x = tf.ones([1, 1, 4, 2]);
  const one = { query: x, key: x, value: x };
  const many = [
    ['dense', {}],
    ['blockwise', {}],
    ['auto', {}],
  ] as const;

  it.each(many)('are refused alike on the path %s', (path) => {
    expect(() => attention({ ...one, mask: padding([1, 2, 3]), path })).toThrow(
      'attention: the mask must be for B=1 sequences and H=1 heads, or 1 for all of them, got padding([1, 2, 3]) for B=3, H=1',
    );
    expect(() => attention({ ...one, mask: padding([4, 4, 4]), path })).toThrow('got padding([4, 4, 4]) for B=3, H=1');
    expect(() => attention({ ...one, bias: tensorBias(tf.zeros([8, 4, 4])), path })).toThrow(
      'attention: the bias must be for B=1 sequences and H=1 heads, or 1 for all of them, got tensorBias([8,4,4]) for B=1, H=8',
    );
    expect(() => attention({ ...one, query: tf.ones([1, 1, 4, 2], 'int32'), path })).toThrow(
      'attention: query, key and value must be float32, got query=int32, key=float32, value=float32',
    );
    expect(() => attention({ ...one, query: tf.ones([1, 1, 4, 3]), path })).toThrow(
      'attention: the score scaled-dot needs queries and keys of one width, got query=[1,1,4,3], key=[1,1,4,2]',
    );
    expect(() => attention({ ...one, dropout: 1, path })).toThrow('dropout: rate must be in [0, 1), got 1');
  });

  it('are refused by splitHeads, where the width is no multiple of the heads', () => {
    expect(() => splitHeads(tf.ones([1, 2, 10]), 4)).toThrow(
      'splitHeads: x must be [B, L, H·D] with a multiple of heads=4, got [1,2,10]',
    );
  });

  it('are refused by multi-head attention', () => {
    const layer = new MultiHeadAttention({ modelWidth: 4, heads: 2, random: new Random(1) });
    expect(() => layer.forward(tf.ones([1, 3, 4]), { mask: padding([1, 2]) })).toThrow(
      'attention: the mask must be for B=1 sequences and H=2 heads, or 1 for all of them, got padding([1, 2]) for B=2, H=1',
    );
    expect(() => layer.forward(tf.ones([1, 3, 5]))).toThrow(
      'multiHeadAttention: x must be float32 [B, length, 4], got float32 [1,3,5]',
    );
    expect(() => layer.forward(tf.ones([2, 3, 4]), { memory: tf.ones([1, 3, 4]) })).toThrow(
      'multiHeadAttention: memory must be float32 [2, length, 4], got float32 [1,3,4]',
    );
  });
});

describe('attention without sequences, queries or keys', () => {
  it.each([
    [0, 3, 3],
    [2, 0, 3],
    [2, 3, 0],
  ])('is zeros, and so are its gradients: B=%d, L=%d, S=%d', (batch, L, S) => {
    for (const path of ['dense', 'blockwise', 'auto'] as const) {
      const inputs = [tf.ones([batch, 2, L, 4]), tf.ones([batch, 2, S, 4]), tf.ones([batch, 2, S, 5])];
      const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
        attention({ query, key, value, mask: causal(), path });
      expect(run(inputs[0], inputs[1], inputs[2])).toBeAllClose(tf.zeros([batch, 2, L, 5]), { absolute: 0 });
      const gradients = tf.grads((q, k, v) => tf.sum(run(q, k, v)))(inputs);
      gradients.forEach((gradient, i) => expect(gradient).toBeAllClose(tf.zeros(inputs[i].shape), { absolute: 0 }));
    }
  });
});
