import { Random } from '@heed/attention-core';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { binaryItemLoss } from './binary-item-loss.ts';
import { itemCrossEntropy } from './item-cross-entropy.ts';
import { sampledCrossEntropy } from './sampled-cross-entropy.ts';

const matrix = (rows: number, columns: number, seed: number) =>
  tf.tensor2d(new Random(seed).normals(rows * columns), [rows, columns]);
const ids = (...values: number[]) => tf.tensor1d(values, 'int32');

describe('itemCrossEntropy', () => {
  it.each([7, 8192, 9000])('equals the cross-entropy of all scores, value and gradients, of %i items', (count) => {
    const [hidden, items] = [matrix(3, 4, 1), matrix(count, 4, 2)];
    const whole = (h: tf.Tensor, i: tf.Tensor) =>
      crossEntropy(tf.matMul(h as tf.Tensor2D, i as tf.Tensor2D, false, true), ids(2, -100, count - 1));
    const blocks = (h: tf.Tensor, i: tf.Tensor) =>
      itemCrossEntropy(h as tf.Tensor2D, i as tf.Tensor2D, ids(2, -1, count - 1));
    expect(blocks(hidden, items)).toBeAllClose(whole(hidden, items));
    const [ours, theirs] = [blocks, whole].map((loss) => tf.grads(loss)([hidden, items]));
    expect(ours[0]).toBeAllClose(theirs[0]);
    expect(ours[1]).toBeAllClose(theirs[1]);
  });

  it('is 0, with gradients of 0, where nothing counts', () => {
    const loss = (h: tf.Tensor) => itemCrossEntropy(h as tf.Tensor2D, matrix(3, 2, 1), ids(-1));
    expect(loss(matrix(1, 2, 1)).dataSync()[0]).toBe(0);
    expect([
      ...tf
        .grad(loss)(matrix(1, 2, 1))
        .dataSync(),
    ]).toEqual([0, 0]);
  });

  it('refuses shapes that do not fit', () => {
    expect(() => itemCrossEntropy(matrix(2, 3, 1), matrix(4, 2, 1), ids(0, 1))).toThrow('got [2,3], [4,2], [2]');
  });
});

describe('binaryItemLoss', () => {
  it('has the value of its formula, and the gradients of differences', () => {
    const hidden = tf.tensor2d([
      [1, 0],
      [5, 5],
    ]);
    const items = tf.tensor2d([
      [2, 0],
      [0, 1],
      [-1, 1],
    ]);
    // the second row does not count; scores 2 for item 0, −1 for item 2, 0 for item 1
    const loss = binaryItemLoss(hidden, items, ids(0, -1), tf.tensor2d([2, 1, 0, 0], [2, 2], 'int32'));
    const softplus = (x: number) => Math.log(1 + Math.exp(x));
    expect(loss.dataSync()[0]).toBeCloseTo(softplus(-2) + softplus(-1) + softplus(0), 5);
    const negatives = tf.tensor2d([2, 1, 0, 0], [2, 2], 'int32');
    const of = (h: tf.Tensor, i: tf.Tensor) => binaryItemLoss(h as tf.Tensor2D, i as tf.Tensor2D, ids(0, 1), negatives);
    expectGradientsToMatchDifferences(of, [hidden, items]);
  });
});

describe('sampledCrossEntropy', () => {
  it('is the full one where every other item is drawn once, and the target itself never counts against it', () => {
    const [hidden, items] = [matrix(2, 3, 4), matrix(5, 3, 5)];
    const sampled = sampledCrossEntropy(hidden, items, ids(1, 1), ids(0, 1, 2, 3, 4));
    expect(sampled).toBeAllClose(itemCrossEntropy(hidden, items, ids(1, 1)));
  });

  it('leaves out rows that do not count', () => {
    const [hidden, items] = [matrix(2, 3, 4), matrix(5, 3, 5)];
    const alone = sampledCrossEntropy(tf.slice(hidden, [0, 0], [1, 3]), items, ids(1), ids(0, 2));
    expect(sampledCrossEntropy(hidden, items, ids(1, -1), ids(0, 2))).toBeAllClose(alone);
  });
});
