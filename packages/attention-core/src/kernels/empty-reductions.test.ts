import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import './index.ts';

// what numpy gives where it gives anything: np.sum, np.prod, np.mean, np.any and np.all of no numbers; the greatest and least as TensorFlow has them
const floats: readonly (readonly [string, (x: tf.Tensor, axis: number, keep: boolean) => tf.Tensor, number])[] = [
  ['sum', tf.sum, 0],
  ['mean', tf.mean, NaN],
  ['prod', tf.prod, 1],
  ['max', tf.max, -Infinity],
  ['min', tf.min, Infinity],
];

describe('reductions over no numbers', () => {
  it.each(floats)('tf.%s gives the neutral value, whatever stood in that memory', (_, reduce, expected) => {
    tf.range(7, 71).dispose(); // what WASM would hand out again
    for (const [shape, axis, rows] of [
      [[2, 0], 1, 2],
      [[0, 3], 0, 3],
      [[3, 0, 2], 1, 6],
    ] as const) {
      const result = reduce(tf.zeros([...shape]), axis, false);
      expect(result.dtype).toBe('float32');
      expect([...result.dataSync()]).toEqual(Array<number>(rows).fill(expected));
    }
    expect(reduce(tf.zeros([3, 0, 2]), 1, true).shape).toEqual([3, 1, 2]);
    expect(reduce(tf.zeros([0, 3]), 1, false).shape).toEqual([0]);
  });

  it('tf.sum, tf.prod, tf.max and tf.min of no integers are integers', () => {
    const x = tf.zeros([2, 0], 'int32');
    expect([...tf.sum(x, 1).dataSync()]).toEqual([0, 0]);
    expect([...tf.prod(x, 1).dataSync()]).toEqual([1, 1]);
    expect([...tf.max(x, 1).dataSync()]).toEqual([-(2 ** 31), -(2 ** 31)]);
    expect([...tf.min(x, 1).dataSync()]).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
  });

  it('no value is true, and all of none are', () => {
    const x = tf.zeros([2, 0], 'bool');
    tf.range(7, 71).dispose();
    expect([...tf.any(x, 1).dataSync()]).toEqual([0, 0]);
    expect([...tf.all(x, 1).dataSync()]).toEqual([1, 1]);
  });
});
