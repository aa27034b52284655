import { useBackend } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import './index.ts';

let before: string;
beforeAll(async () => {
  before = tf.getBackend();
  await useBackend('wasm');
});
afterAll(async () => {
  await tf.setBackend(before);
});

const grid = () => tf.reshape(tf.range(0, 24), [2, 3, 4]);

describe('splitting on WASM', () => {
  it('cuts along every axis, into equal and unequal parts', () => {
    const along = (axis: number, sizes: number | number[]) =>
      tf.split(grid(), sizes, axis).map((part) => part.arraySync());
    expect(along(0, 2)).toEqual((grid().arraySync() as number[][][]).map((part) => [part]));
    expect(along(1, [1, 2])).toEqual([
      [[[0, 1, 2, 3]], [[12, 13, 14, 15]]],
      [
        [
          [4, 5, 6, 7],
          [8, 9, 10, 11],
        ],
        [
          [16, 17, 18, 19],
          [20, 21, 22, 23],
        ],
      ],
    ]);
    expect(along(-1, [3, -1])[1]).toEqual([
      [[3], [7], [11]],
      [[15], [19], [23]],
    ]);
  });

  it('takes apart along every axis', () => {
    const along = (axis: number) => tf.unstack(grid(), axis).map((part) => part.arraySync());
    expect(along(0)).toEqual(grid().arraySync());
    expect(along(1)[1]).toEqual([
      [4, 5, 6, 7],
      [16, 17, 18, 19],
    ]);
    expect(along(2)[3]).toEqual([
      [3, 7, 11],
      [15, 19, 23],
    ]);
  });

  it('keeps integers and booleans', () => {
    const [, second] = tf.split(tf.tensor1d([1, -2, 3], 'int32'), [1, 2]);
    expect([second.dtype, ...second.dataSync()]).toEqual(['int32', -2, 3]);
    const flags = tf.unstack(
      tf.tensor2d(
        [
          [1, 0],
          [0, 1],
        ],
        [2, 2],
        'bool',
      ),
      1,
    )[1];
    expect([flags.dtype, ...flags.dataSync()]).toEqual(['bool', 0, 1]);
  });

  it('flows gradients back', () => {
    const [x, weights] = [tf.range(0, 6), tf.tensor1d([1, 10, 100])];
    const gradient = tf.grad((given: tf.Tensor) => {
      const [left, right] = tf.split(given, [3, 3]);
      return tf.add(tf.sum(tf.mul(left, weights)), tf.sum(right));
    })(x);
    expect(Array.from(gradient.dataSync())).toEqual([1, 10, 100, 1, 1, 1]);
  });

  it('takes empty parts', () => {
    expect(tf.split(tf.range(0, 4), [0, 4]).map(({ shape }) => shape)).toEqual([[0], [4]]);
  });
});
