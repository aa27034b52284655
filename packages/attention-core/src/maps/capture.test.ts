import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attention } from '../attention/attention.ts';
import { Random } from '../random/random.ts';
import { capture, isCapturing } from './capture.ts';

const random = new Random(41);
const x = tf.keep(tf.tensor(random.normals(2 * 3 * 4 * 5), [2, 3, 4, 5])); // B = 2, H = 3, L = 4
const attend = (name: string) => attention({ query: x, key: x, value: x, name });

describe('capture', () => {
  it('gives the result and the map of every attention that ran, in order, with names of their own', () => {
    const { result, maps } = capture(() => tf.add(tf.add(attend('a'), attend('b')), attend('a')));
    expect(maps.map(({ name }) => name)).toEqual(['a', 'b', 'a#2']);
    expect(result).toBeAllClose(tf.mul(attend('a'), 3));
    const scores = tf.mul(tf.matMul(x, x, false, true), 1 / Math.sqrt(5));
    expect(maps[2].weights).toBeAllClose(tf.softmax(scores));
  });

  it('keeps only the names, heads and queries that are asked for', () => {
    const whole = capture(() => attend('a')).maps[0].weights;
    const options = { names: (name: string) => name === 'a', heads: [2, 0], queries: [3] };
    const { maps } = capture(() => [attend('b'), attend('a')], options);
    expect(maps.length).toBe(1);
    const expected = tf.gather(tf.gather(whole, tf.tensor1d([2, 0], 'int32'), 1), tf.tensor1d([3], 'int32'), 2);
    expect(maps[0].weights).toBeAllClose(expected);
  });

  it('keeps nothing without it, nor after it', () => {
    const before = tf.memory().numTensors;
    tf.dispose(attend('a'));
    expect(tf.memory().numTensors).toBe(before);
    const { result, maps } = capture(() => attend('a'));
    expect(isCapturing()).toBe(false);
    tf.dispose([result, ...maps.map(({ weights }) => weights)]);
    tf.dispose(attend('a'));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps inner captures apart, and outlives an error', () => {
    const { result: inner, maps: outer } = capture(() => {
      attend('before');
      const { maps } = capture(() => attend('inside'));
      attend('after');
      return maps.map(({ name }) => name);
    });
    expect(inner).toEqual(['inside']);
    expect(outer.map(({ name }) => name)).toEqual(['before', 'after']);
    const before = tf.memory().numTensors;
    const failing = () =>
      tf.tidy(() => {
        attend('a');
        throw new Error('out of luck');
      });
    expect(() => capture(failing)).toThrow('out of luck');
    expect(isCapturing()).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });
});
