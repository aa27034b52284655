import type { NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { WeightAverage } from './weight-average.ts';

const parameters = (): NamedParameter[] => [
  {
    name: 'a',
    variable: tf.variable(
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
    ),
  },
  { name: 'b', variable: tf.variable(tf.scalar(10)) },
];

describe('WeightAverage', () => {
  it('keeps its share of the average and takes the rest from the weights', async () => {
    const own = parameters();
    const average = new WeightAverage(own, { decay: 0.75 });
    own[1].variable.assign(tf.scalar(20));
    average.update();
    own[1].variable.assign(tf.scalar(0));
    average.update();
    const seen = await average.during(() => own.map(({ variable }) => variable.arraySync()));
    expect(seen).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      9.375,
    ]); // 10 → 12.5 → 9.375
    expect(own[1].variable.dataSync()[0]).toBe(0);
  });

  it('warms up: update t keeps at most (1 + t) / (10 + t)', () => {
    const own = parameters();
    const average = new WeightAverage(own, { decay: 0.25, warmUp: true });
    own[1].variable.assign(tf.scalar(0));
    average.update(); // 2/11
    average.update(); // 3/12 = 0.25
    average.update(); // 4/13 is more than 0.25
    average.copyToModel();
    expect(own[1].variable.dataSync()[0]).toBeCloseTo((10 * 2) / 11 / 4 / 4, 6);
  });

  it('puts the weights back when the action fails, and leaves no tensors', async () => {
    const own = parameters();
    const average = new WeightAverage(own);
    own[1].variable.assign(tf.scalar(3));
    const before = tf.memory().numTensors;
    await expect(average.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    average.update();
    expect(own[1].variable.dataSync()[0]).toBe(3);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses options out of range', () => {
    expect(() => new WeightAverage(parameters(), { decay: 1 })).toThrow(
      'WeightAverage: decay must be in [0, 1), got 1',
    );
    expect(() => new WeightAverage([])).toThrow('there must be a parameter to average');
  });
});
