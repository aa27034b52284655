import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Linear } from '../layers/linear.ts';
import { Random } from './random.ts';
import { withoutInitialWeights } from './without-initial-weights.ts';
import { withWeightLimit } from './weight-limit.ts';

const layers = (count: number, width: number) => () =>
  Array.from({ length: count }, () => new Linear({ inputs: width, outputs: width, random: new Random(1) }));

describe('withWeightLimit', () => {
  it('lets a model be made that is as large as its weights', () => {
    const made = withWeightLimit({ numbers: 220, draws: 4 }, layers(2, 10));
    expect(made.length).toBe(2);
    for (const layer of made) layer.dispose();
  });

  it.each([
    ['of a width of 10^7', 1, 1e7],
    ['of too many layers', 1e9, 10],
  ])('refuses one %s at once, drawn or not, and frees what there is of it', (_, count, width) => {
    const rule = 'withWeightLimit: a model must be no larger than its weights';
    const before = tf.memory().numTensors;
    expect(() => withWeightLimit({ numbers: 1e6, draws: 20 }, layers(count, width))).toThrow(rule);
    expect(() =>
      withoutInitialWeights(() => withWeightLimit({ numbers: 1e6, draws: 20 }, layers(count, width))),
    ).toThrow(rule);
    expect(tf.memory().numTensors).toBe(before);
    expect(layers(1, 100)()[0].parameterCount()).toBe(10_100); // the limit ends with it
  });
});
