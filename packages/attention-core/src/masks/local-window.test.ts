import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { localWindow } from './local-window.ts';
import { printMask, wholeRegion } from './mask.ts';

describe('localWindow', () => {
  it('shows the keys around one centre to every query', () => {
    expect(printMask(localWindow({ centre: 2, radius: 1 }), 2, 5)).toBe('· ■ ■ ■ ·\n· ■ ■ ■ ·');
    expect(printMask(localWindow({ centre: 2.5, radius: 1 }), 1, 5)).toBe('· · ■ ■ ·');
  });

  it('follows a centre for each sequence, query or head', () => {
    const row = (centre: tf.Tensor) =>
      tf.cast(localWindow({ centre, radius: 1 }).allowed(wholeRegion(2, 4)), 'int32').arraySync();
    expect(row(tf.tensor1d([0, 3]))).toEqual([[[[1, 1, 0, 0]]], [[[0, 0, 1, 1]]]]);
    expect(row(tf.tensor2d([[0, 3]]))).toEqual([
      [
        [
          [1, 1, 0, 0],
          [0, 0, 1, 1],
        ],
      ],
    ]);
    expect(row(tf.tensor3d([[[0], [2]]]))).toEqual([[[[1, 1, 0, 0]], [[0, 1, 1, 1]]]]);
  });

  it('refuses a negative radius, a centre that is no number and a centre of another rank', () => {
    expect(() => localWindow({ centre: 0, radius: -1 })).toThrow('localWindow: radius must be a number ≥ 0, got -1');
    expect(() => localWindow({ centre: NaN, radius: 1 })).toThrow('localWindow: centre must be finite, got NaN');
    expect(() => localWindow({ centre: tf.zeros([1, 1, 1, 1]), radius: 1 })).toThrow('got [1,1,1,1]');
  });
});
