import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Embedding } from '../layers/embedding.ts';
import { segmentMax, segmentMean, segmentSoftmax, segmentSum } from '../normalisers/segments.ts';
import { Random } from '../random/random.ts';
import './index.ts';

const ids = (...values: number[]) => tf.tensor1d(values, 'int32');
/** Ours, tfjs's, or TensorFlow's code for an argument that is invalid. */
const outOfRange = /must be (in|less than)|is not in|Invalid TF_Status: 3/;
const rows = () => tf.tensor2d([1, 2, 3, 4], [2, 2]);

describe('indices out of range', () => {
  it.each([segmentSum, segmentMean, segmentMax, segmentSoftmax])('end %o with an error beyond the segments', (f) => {
    expect(() => f(rows(), ids(0, 3), 3).dataSync()).toThrow(outOfRange);
    expect(() => f(rows(), ids(0, 2), 3).dataSync()).not.toThrow();
  });

  it('end an embedding, before its first row and after its last', () => {
    const embedding = new Embedding({ size: 3, width: 2, random: new Random(1) });
    expect(() => embedding.forward(ids(3))).toThrow(outOfRange);
    expect(() => embedding.forward(ids(-1))).toThrow(outOfRange);
  });

  it('end gatherND, scatterND and tensorScatterUpdate', () => {
    for (const [inside, outside] of [
      [1, 2],
      [0, -1],
    ] as const) {
      const at = (index: number) => tf.tensor2d([0, index], [1, 2], 'int32');
      const calls = [
        (index: number) => tf.gatherND(rows(), at(index)),
        (index: number) => tf.scatterND(at(index), tf.tensor1d([7]), [2, 2]),
        (index: number) => tf.tensorScatterUpdate(rows(), at(index), tf.tensor1d([7])),
      ];
      for (const call of calls) {
        expect(() => call(outside).dataSync()).toThrow(outOfRange);
        expect(() => call(inside).dataSync()).not.toThrow();
      }
    }
  });

  it('say what was wrong where the check is ours', () => {
    if (tf.getBackend() === 'tensorflow') return;
    expect(() => tf.unsortedSegmentSum(rows(), ids(0, 5), 3)).toThrow(
      'unsortedSegmentSum: segment ids must be less than 3, got 5',
    );
  });

  it('skip rows of negative segments in a sum', () => {
    expect(tf.unsortedSegmentSum(rows(), ids(2, -1), 3)).toBeAllClose(tf.tensor2d([0, 0, 0, 0, 1, 2], [3, 2]));
  });
});
