import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  causal,
  causalLinearAttention,
  CrossAttentionBlock,
  DecoderBlock,
  EncoderBlock,
  GrowingCache,
  linearAttention,
  Module,
  MultiHeadAttention,
  padding,
  Random,
  recurrentLinearAttention,
  T5Bias,
  T5Decoder,
  T5Encoder,
} from '../index.ts';

const M = 4;
const random = () => new Random(3);
/** B sequences, L queries, S keys. */
const EMPTY = [
  [0, 3, 3],
  [2, 0, 3],
  [2, 0, 0],
  [2, 3, 0],
  [0, 0, 0],
] as const;
const SINGLE = [
  [1, 1, 1],
  [2, 1, 1],
  [1, 3, 1],
  [1, 1, 3],
] as const;
const numbers = (...shape: number[]) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Array.from({ length: size }, (_, i) => Math.sin(i + 1)),
    shape,
    'float32',
  );
};

type Forward = (x: tf.Tensor, memory: tf.Tensor) => tf.Tensor;
const attentionLayer = () => new MultiHeadAttention({ modelWidth: M, heads: 2, random: random() });

/** Each structure: how it is made, and what it makes of queries and of what they ask. */
const structures: Readonly<Record<string, () => readonly [Module, Forward]>> = {
  'multi-head attention': () => {
    const layer = attentionLayer();
    return [layer, (x, memory) => layer.forward(x, { memory })];
  },
  'multi-head attention with a bias and grouped heads': () => {
    const layer = new MultiHeadAttention({ modelWidth: M, heads: 2, keyValueHeads: 1, random: random() });
    const bias = new T5Bias({ heads: 2, direction: 'both', random: random() });
    return [layer, (x, memory) => layer.forward(x, { memory, bias })];
  },
  ...Object.fromEntries(
    (['pre', 'post'] as const).map((placement) => [
      `an encoder block, ${placement}`,
      () => {
        const block = new EncoderBlock({ modelWidth: M, heads: 2, placement, random: random() });
        return [block, (x: tf.Tensor) => block.forward(x, { mask: causal() })] as const;
      },
    ]),
  ),
  'a decoder block': () => {
    const block = new DecoderBlock({ modelWidth: M, heads: 2, random: random() });
    return [block, (x, memory) => block.forward(x, { memory })];
  },
  'a block of cross-attention': () => {
    const block = new CrossAttentionBlock({ modelWidth: M, heads: 2, random: random() });
    return [block, (x, memory) => block.forward(x, { memory })];
  },
  'T5’s encoder': () => {
    const encoder = new T5Encoder({ modelWidth: M, layers: 1, heads: 2, hiddenWidth: 6, random: random() });
    return [encoder, (x) => encoder.forward(x)];
  },
  'T5’s decoder': () => {
    const decoder = new T5Decoder({ modelWidth: M, layers: 1, heads: 2, hiddenWidth: 6, random: random() });
    return [decoder, (x, memory) => decoder.forward(x, { memory })];
  },
};

/** Output and gradients of all that goes in, as numbers. */
function run([module, forward]: readonly [Module, Forward], x: tf.Tensor, memory: tf.Tensor) {
  const variables = module.trainableParameters().map(({ variable }) => variable);
  const output = forward(x, memory);
  const { grads } = tf.variableGrads(() => tf.sum(tf.square(forward(x, memory))) as tf.Scalar, variables);
  const [ofX] = tf.grads((x) => tf.sum(tf.square(forward(x, memory))))([x]);
  return { output, ofX, ofWeights: variables.map((variable) => grads[variable.name] ?? tf.zerosLike(variable)) }; // what nothing depends on has none
}

describe.each(Object.entries(structures))('%s', (_name, create) => {
  it.each(EMPTY)('of no numbers is of no numbers, and finite where there are some: B=%d, L=%d, S=%d', (B, L, S) => {
    const made = create();
    const { output, ofX, ofWeights } = run(made, numbers(B, L, M), numbers(B, S, M));
    expect(output.shape).toEqual([B, L, M]);
    expect(ofX.shape).toEqual([B, L, M]);
    for (const values of [output, ofX, ...ofWeights]) {
      expect(Array.from(values.dataSync()).every(Number.isFinite)).toBe(true);
    }
    const fromNothing = output.size === 0 ? ofWeights.map((gradient) => tf.max(tf.abs(gradient)).dataSync()[0]) : [];
    expect(fromNothing.filter((greatest) => greatest !== 0)).toEqual([]);
    made[0].dispose();
  });

  it.each(SINGLE)('of single numbers is what it is beside others: B=%d, L=%d, S=%d', (B, L, S) => {
    const made = create();
    const [x, memory] = [numbers(B, L, M), numbers(B, S, M)];
    const { output, ofX } = run(made, x, memory);
    const twice = (values: tf.Tensor) => tf.concat([values, tf.mul(values, -2)], 0); // other sequences beside them
    const more = run(made, twice(x), twice(memory));
    const first = (values: tf.Tensor) => tf.slice(values, [0, 0, 0], [B, L, M]);
    expect(output).toBeAllClose(first(more.output));
    expect(ofX).toBeAllClose(first(more.ofX), { absolute: 1e-5, relative: 1e-5 }); // through products of another size
    made[0].dispose();
  });
});

describe('multi-head attention at the ends of sizes', () => {
  it('gives the bias of its last layer where there are no keys', () => {
    const layer = attentionLayer();
    const output = layer.forward(numbers(2, 3, M), { memory: numbers(2, 0, M) });
    expect(output).toBeAllClose(tf.broadcastTo(layer.output.bias!, [2, 3, M]));
  });

  it('gives what it makes of the one value where there is one key', () => {
    const layer = attentionLayer();
    const memory = numbers(2, 1, M);
    const expected = layer.output.forward(layer.value.forward(memory)); // the one weight is 1
    expect(layer.forward(numbers(2, 3, M), { memory })).toBeAllClose(tf.broadcastTo(expected, [2, 3, M]));
  });

  it('takes lengths of 0, and caches that no query is added to', () => {
    const layer = attentionLayer();
    const hidden = layer.forward(numbers(2, 1, M), { mask: padding([0, 1]) });
    expect(tf.slice(hidden, [0, 0, 0], [1, 1, M])).toBeAllClose(tf.reshape(layer.output.bias!, [1, 1, M]));
    const cache = new GrowingCache();
    const whole = numbers(1, 2, M);
    layer.forward(tf.slice(whole, [0, 0, 0], [1, 1, M]), { cache, mask: causal() }).dispose();
    expect(layer.forward(numbers(1, 0, M), { cache, mask: causal() }).shape).toEqual([1, 0, M]);
    const last = layer.forward(tf.slice(whole, [0, 1, 0], [1, 1, M]), { cache, mask: causal() });
    expect(last).toBeAllClose(tf.slice(layer.forward(whole, { mask: causal() }), [0, 1, 0], [1, 1, M]));
    cache.dispose();
  });
});

describe('linear attention at the ends of sizes', () => {
  const forms: Readonly<Record<string, (inputs: { query: tf.Tensor; key: tf.Tensor; value: tf.Tensor }) => tf.Tensor>> =
    {
      'seeing all': (inputs) => linearAttention(inputs),
      causal: (inputs) => causalLinearAttention(inputs).output,
      recurrent: (inputs) => recurrentLinearAttention(inputs).output,
    };
  const sizes = [
    [0, 3],
    [2, 0],
    [1, 1],
  ] as const;
  const table = Object.keys(forms).flatMap((form) => sizes.map((size) => [form, ...size] as const));

  it.each(table)('%s: B=%d, L=S=%d', (form, B, L) => {
    const inputs = [numbers(B, 2, L, 3), numbers(B, 2, L, 3), numbers(B, 2, L, 5)];
    const of = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => forms[form]({ query, key, value });
    const output = of(inputs[0], inputs[1], inputs[2]);
    expect(output.shape).toEqual([B, 2, L, 5]);
    const gradients = tf.grads((q, k, v) => tf.sum(of(q, k, v)))(inputs);
    for (const [i, gradient] of gradients.entries()) {
      expect(gradient.shape).toEqual(inputs[i].shape);
      expect(Array.from(gradient.dataSync()).every(Number.isFinite)).toBe(true);
    }
  });

  it('of one key is its value', () => {
    const [query, key, value] = [numbers(1, 2, 1, 3), numbers(1, 2, 1, 3), numbers(1, 2, 1, 5)];
    expect(linearAttention({ query, key, value })).toBeAllClose(value, { absolute: 1e-5 });
    expect(causalLinearAttention({ query, key, value }).output).toBeAllClose(value, { absolute: 1e-5 });
  });

  it('of queries without keys is 0', () => {
    const output = linearAttention({
      query: numbers(1, 2, 3, 3),
      key: numbers(1, 2, 0, 3),
      value: numbers(1, 2, 0, 5),
    });
    expect(output).toBeAllClose(tf.zeros([1, 2, 3, 5]), { absolute: 0 });
  });
});

describe('unstack', () => {
  it.each([1, 2])('of %d has a gradient', (count) => {
    const x = numbers(2, count, 3);
    const gradient = tf.grad((x) => tf.sum(tf.square(tf.addN(tf.unstack(x, 1)))))(x);
    const sum = tf.sum(x, 1, true); // d (Σ xᵢ)² / d xᵢ = 2 Σ xᵢ
    expect(gradient).toBeAllClose(tf.broadcastTo(tf.mul(sum, 2), x.shape));
  });
});

describe('reductions over nothing', () => {
  it('are the neutral values, as in torch', () => {
    const none = tf.zeros([2, 0, 3], 'bool');
    expect(Array.from(tf.any(none, 1).dataSync())).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Array.from(tf.all(none, 1).dataSync())).toEqual([1, 1, 1, 1, 1, 1]);
    expect([tf.any(none).dataSync()[0], tf.all(none).dataSync()[0]]).toEqual([0, 1]);
    expect(tf.any(none, 0).shape).toEqual([0, 3]);
    expect(tf.all(none, 2).shape).toEqual([2, 0]);
    expect(tf.sum(tf.zeros([2, 0]), 1)).toBeAllClose(tf.zeros([2]), { absolute: 0 });
    expect(Array.from(tf.prod(tf.zeros([2, 0]), 1).dataSync())).toEqual([1, 1]);
    const one = tf.tensor2d([[1], [0]], [2, 1], 'bool');
    expect([...tf.any(one, 1).dataSync(), ...tf.all(one, 1).dataSync()]).toEqual([1, 0, 1, 0]);
  });
});
