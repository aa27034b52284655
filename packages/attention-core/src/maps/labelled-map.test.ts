import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { labelHeads, labelMap } from './labelled-map.ts';

/** [B=2, H=2, L=2, S=3], the values 0…23. */
const map = { name: 'cross', weights: tf.keep(tf.reshape(tf.range(0, 24), [2, 2, 2, 3])) as tf.Tensor4D };
const labels = { rows: ['x', 'y'], columns: ['a', 'b', 'c'] };

describe('labelMap', () => {
  it('takes one head of one example', () => {
    expect(labelMap(map, { batch: 1, head: 0, ...labels })).toEqual({
      name: 'cross, head 0',
      weights: [
        [12, 13, 14],
        [15, 16, 17],
      ],
      ...labels,
    });
  });

  it('averages the heads unless one is asked for', () => {
    const averaged = labelMap(map, { batch: 0, ...labels });
    expect(averaged.name).toBe('cross, mean of 2 heads');
    expect(averaged.weights).toEqual([
      [3, 4, 5],
      [6, 7, 8],
    ]);
  });

  it('leaves out queries and keys that have no label, which are padding', () => {
    expect(labelMap(map, { head: 0, rows: ['x'], columns: ['a', 'b'] }).weights).toEqual([[0, 1]]);
  });

  it('rejects what the map does not have, naming it', () => {
    expect(() => labelMap(map, { batch: 2, ...labels })).toThrow('batch must be an integer in [0, 2), got 2');
    expect(() => labelMap(map, { head: -1, ...labels })).toThrow('head must be an integer in [0, 2), got -1');
    expect(() => labelMap(map, { rows: ['x', 'y', 'z'], columns: [] })).toThrow('rows must be at most 2 labels');
  });
});

describe('labelHeads', () => {
  it('gives each head of one example as labelMap does', () => {
    const heads = labelHeads(map, { batch: 1, ...labels });
    expect(heads).toEqual([0, 1].map((head) => labelMap(map, { batch: 1, head, ...labels })));
    expect(heads[1].weights[0]).toEqual([18, 19, 20]);
  });

  it('rejects an example that the map does not have, and leaves no tensor behind', () => {
    const before = tf.memory().numTensors;
    expect(() => labelHeads(map, { batch: 2, ...labels })).toThrow('batch must be an integer in [0, 2), got 2');
    expect(() => labelHeads(map, { rows: ['x', 'y', 'z'], columns: [] })).toThrow('rows must be at most 2 labels');
    labelHeads(map, labels);
    expect(tf.memory().numTensors).toBe(before);
  });
});
