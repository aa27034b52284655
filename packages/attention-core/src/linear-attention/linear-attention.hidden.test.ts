import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { Random } from '../random/random.ts';
import { causalLinearAttention, linearAttention } from './linear-attention.ts';
import { Linformer } from './linformer.ts';
import { recurrentLinearAttention } from './recurrent.ts';

const random = new Random(31);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

/** x with `number` at all places from `from` on. */
function spoilt(x: tf.Tensor, from: number, number: number): tf.Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const shape = [batch, heads, length - from, width];
  const rest = tf.mul(tf.ones(shape), number);
  return tf.concat([tf.slice(x, [0, 0, 0, 0], [batch, heads, from, width]), rest], 2);
}

/** Σ of squares of the output, by query, key and value. */
function gradientsOf(f: (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => tf.Tensor, inputs: tf.Tensor[]) {
  return tf.grads((query, key, value) => tf.sum(tf.square(f(query, key, value))))(inputs);
}

describe('keys that are hidden in linear attention', () => {
  const [query, key, value] = [normal(2, 2, 5, 3), normal(2, 2, 7, 3), normal(2, 2, 7, 4)];
  const linformer = new Linformer({ maxLength: 8, projectedLength: 3, random });
  const lengths = tf.tensor1d([4, 4], 'int32');
  const short = (x: tf.Tensor) => tf.slice(x, [0, 0, 0, 0], [-1, -1, 4, -1]);

  it.each([
    ['linearAttention', linearAttention],
    ['Linformer', (options: Parameters<typeof linearAttention>[0]) => linformer.forward(options)],
  ])('%s gives what it gives without the padding, forward and backward, whatever the padding holds', (_, attend) => {
    const expected = attend({ query, key: short(key), value: short(value) });
    const wanted = gradientsOf((query, key, value) => attend({ query, key, value }), [query, short(key), short(value)]);
    for (const number of [NaN, Infinity, -Infinity]) {
      const inputs = [query, spoilt(key, 4, number), spoilt(value, 4, number)];
      const output = attend({ query, key: inputs[1], value: inputs[2], lengths });
      expect(output.dataSync()).toBeAllClose(expected.dataSync(), { absolute: 1e-5 });
      const gradients = gradientsOf((query, key, value) => attend({ query, key, value, lengths }), inputs);
      expect(gradients[0].dataSync()).toBeAllClose(wanted[0].dataSync(), { absolute: 1e-4 });
      for (const i of [1, 2]) {
        expect(short(gradients[i]).dataSync()).toBeAllClose(wanted[i].dataSync(), { absolute: 1e-4 });
        expect(gradients[i].dataSync()).toBeAllClose(spoilt(gradients[i], 4, 0).dataSync());
      }
    }
  });

  it.each([2, 3, 64])(
    'causal queries do not meet later keys, and all from a fault on see it, in chunks of %d',
    (chunk) => {
      const queries = normal(2, 2, 7, 3);
      const expected = causalLinearAttention({ query: queries, key, value, chunk });
      for (const [keys, values] of [
        [spoilt(key, 4, NaN), value],
        [key, spoilt(value, 4, Infinity)],
      ]) {
        const { output, state } = causalLinearAttention({ query: queries, key: keys, value: values, chunk });
        expect(short(output).dataSync()).toBeAllClose(short(expected.output).dataSync(), { absolute: 1e-6 });
        const seen = tf.slice(output, [0, 0, 4, 0], [-1, -1, -1, -1]);
        expect([...seen.dataSync(), ...state.dataSync()].every(Number.isNaN)).toBe(true);
      }
    },
  );
});

describe('linear attention of nothing', () => {
  it.each([
    ['no sequences', [0, 2, 3, 4], [0, 2, 5, 4]],
    ['no queries', [1, 2, 0, 4], [1, 2, 5, 4]],
    ['no keys', [1, 2, 3, 4], [1, 2, 0, 4]],
  ])('gives zeros, and gradients of zeros: %s', (_, ofQuery, ofKey) => {
    const [query, key] = [tf.ones(ofQuery), tf.ones(ofKey)];
    const output = linearAttention({ query, key, value: key });
    expect(output.shape).toEqual(ofQuery);
    expect(output.dataSync().every((x) => x === 0)).toBe(true);
    const gradients = gradientsOf((query, key, value) => linearAttention({ query, key, value }), [query, key, key]);
    expect(gradients.map(({ shape }) => shape)).toEqual([ofQuery, ofKey, ofKey]);
    expect(gradients.every((x) => x.dataSync().every((number) => number === 0))).toBe(true);
  });

  it.each([
    ['causalLinearAttention', causalLinearAttention, 5],
    ['recurrentLinearAttention', recurrentLinearAttention, 4],
  ] as const)('%s of no positions leaves the state as it was', (_, attend, width) => {
    const x = tf.zeros([1, 2, 0, 4]);
    const empty = attend({ query: x, key: x, value: x });
    expect(empty.output.shape).toEqual([1, 2, 0, 4]);
    expect(Array.from(empty.state.dataSync())).toEqual(Array(2 * 4 * width).fill(0));
    const state = normal(1, 2, 4, width);
    const after = attend({ query: x, key: x, value: x, state });
    expect(after.state.dataSync()).toEqual(state.dataSync());
  });
});
