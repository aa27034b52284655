import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { joinSteps } from './join-steps.ts';

describe('joinSteps', () => {
  it('keeps names apart and rejects steps that do not fit', () => {
    const map = (name: string, keys: number) => ({ name, weights: tf.zeros([1, 1, 1, keys]) as tf.Tensor4D });
    expect(
      joinSteps([map('a', 2), map('b', 3), map('a#2', 2)]).map(({ name, weights }) => [name, weights.shape[2]]),
    ).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(() => joinSteps([map('a', 2), map('a#2', 3)])).toThrow(
      'maps of a must have one shape [1,1,·,2], got [1,1,·,3]',
    );
  });
});
