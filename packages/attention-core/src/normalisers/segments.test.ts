import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import '../kernels/index.ts';
import { Random } from '../random/random.ts';
import { segmentMax, segmentMean, segmentSoftmax, segmentSum } from './segments.ts';

const random = new Random(9);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const ids = (...values: number[]) => tf.tensor1d(values, 'int32');

describe('segments', () => {
  it('equal a softmax, sum, mean and maximum over the rows of each segment', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 20 }), fc.nat(1000), (segments, seed) => {
        tf.tidy(() => {
          const values = new Random(seed).normals(segments.length, 0, 30);
          const rowsOf = (segment: number) => values.filter((_, row) => segments[row] === segment);
          const sum = (numbers: Float32Array) => numbers.reduce((total, number) => total + number, 0);
          const expected = (f: (rows: Float32Array) => number) =>
            [0, 1, 2, 3, 4, 5, 6].map((segment) => [rowsOf(segment).length === 0 ? 0 : f(rowsOf(segment))]);
          const column = tf.tensor2d(values, [segments.length, 1]);
          const tolerance = { absolute: 1e-4 }; // sums of values near 30
          expect(segmentSum(column, ids(...segments), 7)).toBeAllClose(expected(sum), tolerance);
          expect(segmentMean(column, ids(...segments), 7)).toBeAllClose(
            expected((rows) => sum(rows) / rows.length),
            tolerance,
          );
          expect(segmentMax(column, ids(...segments), 7)).toBeAllClose(expected((rows) => Math.max(...rows)));
          const weights = Array.from(values, (value, row) => {
            const rows = rowsOf(segments[row]);
            return [1 / sum(rows.map((other) => Math.exp(other - value)))];
          });
          expect(segmentSoftmax(column, ids(...segments), 7)).toBeAllClose(weights, { relative: 1e-4 });
        });
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('have the gradients of finite differences', () => {
    const segments = ids(2, 0, 2, 1, 0, 2);
    for (const f of [segmentSoftmax, segmentSum, segmentMean, segmentMax]) {
      expectGradientsToMatchDifferences((values) => f(values, segments, 4), [normal(6, 3)]);
      expectGradientsToMatchDifferences((values) => f(values, segments, 4), [normal(6)]);
    }
  });

  it('share the gradient of a maximum among equals', () => {
    const [gradient] = tf.grads((x) => tf.sum(segmentMax(x, ids(0, 0, 0), 1)))([tf.tensor1d([2, 2, 1])]);
    expect(gradient).toBeAllClose([0.5, 0.5, 0]);
  });

  it('keep softmax finite and exact for scores that differ by any amount', () => {
    const scores = tf.tensor1d([1e30, -1e30, -1e30, -1e30]);
    expect(segmentSoftmax(scores, ids(0, 0, 1, 1), 2)).toBeAllClose([1, 0, 0.5, 0.5]);
  });

  it('refuse as many ids as there are not rows', () => {
    expect(() => segmentSoftmax(tf.zeros([3, 2]), ids(0, 0), 1)).toThrow(
      'segmentSoftmax: segmentIds must have shape [3], got [2]',
    );
  });
});
