import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences, expectVariableGradientsToMatchDifferences } from '@heed/testing';
import { Random } from '../random/random.ts';
import { coSoftmax } from './co-softmax.ts';
import type { Normaliser, Visibility } from './normaliser.ts';
import { sigmoid, unnormalised } from './sigmoid.ts';
import { SinkSoftmax, softmax } from './softmax.ts';
import { threshold, topK } from './sparse-softmax.ts';
import { sparsemax } from './sparsemax.ts';

const random = new Random(5);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

const sink = new SinkSoftmax({ heads: 2 });
sink.sink.assign(tf.tensor1d([0.5, -1]));
const normalisers: Record<string, Normaliser> = {
  softmax: softmax(),
  sinkSoftmax: sink,
  sigmoid: sigmoid({ bias: 'length' }),
  unnormalised: unnormalised(),
  sparsemax: sparsemax(),
  topK: topK(2),
  threshold: threshold(0.2),
};

/** Every second key hidden, and the second row throughout. */
function someHidden(queries: number, keys: number): Visibility {
  const rows = Array.from({ length: queries }, (_, q) =>
    Array.from({ length: keys }, (_, k) => q !== 1 && k % 2 === 0),
  );
  return { allowed: tf.tensor2d(rows, [queries, keys], 'bool'), mayHideAll: true };
}

describe.each(Object.entries(normalisers))('the normaliser %s', (_name, normaliser) => {
  it('gives hidden keys and hidden rows weights of exactly 0', () => {
    const weights = normaliser.weights(normal(2, 2, 3, 5), someHidden(3, 5));
    const hidden = tf.cast(tf.logicalNot(someHidden(3, 5).allowed), 'float32');
    expect(tf.mul(weights, hidden)).toBeAllClose(tf.zeros([2, 2, 3, 5]), { absolute: 0, relative: 0 });
  });

  it('weighs visible keys as if the hidden ones were not there', () => {
    const scores = normal(1, 2, 1, 5);
    const weights = normaliser.weights(scores, someHidden(1, 5));
    const visible = (x: tf.Tensor) => tf.gather(x, tf.tensor1d([0, 2, 4], 'int32'), 3);
    if (normaliser === normalisers.sigmoid) return; // its bias is the number of all keys
    expect(visible(weights)).toBeAllClose(normaliser.weights(visible(scores)));
  });

  it('has the gradients of finite differences, with hidden keys and without', () => {
    // apart from each other, so that no choice flips within a step
    const scores = tf.mul(tf.tensor4d(random.shuffle([...Array(30).keys()]), [1, 2, 3, 5]), 0.11);
    expectGradientsToMatchDifferences((s) => normaliser.weights(s), [scores]);
    expectGradientsToMatchDifferences((s) => normaliser.weights(s, someHidden(3, 5)), [scores]);
  });

  it('makes no NaN of any finite scores, however large, equal or hidden', () => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(finite, fc.constantFrom(0, 1, -1)), { minLength: 8, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        (values, allowed) =>
          tf.tidy(() => {
            const visibility = { allowed: tf.tensor(allowed, [1, 2, 1, 4], 'bool'), mayHideAll: true };
            const scores = tf.tensor(values, [1, 2, 1, 4]);
            const weights = normaliser.weights(scores, visibility);
            const [gradient] = tf.grads((s) => tf.sum(normaliser.weights(s, visibility)))([scores]);
            return [weights, gradient].every((tensor) => tensor.dataSync().every(Number.isFinite));
          }),
      ),
      { numRuns: 50, seed: 3 },
    );
  });
});

describe('normalisers by hand', () => {
  it('softmax stays right beside hidden scores of any size', () => {
    const visibility = { allowed: tf.tensor2d([[1, 1, 0]], [1, 3], 'bool'), mayHideAll: false };
    expect(softmax().weights(tf.tensor2d([[0, Math.log(3), 1e37]]), visibility)).toBeAllClose([[0.25, 0.75, 0]]);
  });

  it('a sink takes its part and has a gradient', () => {
    const one = new SinkSoftmax({ heads: 1 });
    one.sink.assign(tf.tensor1d([Math.log(2)]));
    expect(one.weights(tf.zeros([1, 1, 1, 3]))).toBeAllClose([[[[0.2, 0.2, 0.2]]]]);
    const scores = normal(2, 2, 3, 4);
    expectVariableGradientsToMatchDifferences(() => sink.weights(scores, someHidden(3, 4)), sink.namedParameters());
  });

  it('sigmoid weighs each key by itself', () => {
    expect(sigmoid().weights(tf.tensor2d([[0, Math.log(3)]]))).toBeAllClose([[0.5, 0.75]]);
    expect(sigmoid({ bias: 'length' }).weights(tf.tensor2d([[0, 0]]))).toBeAllClose([[1 / 3, 1 / 3]]);
  });

  it('sparsemax projects onto the simplex', () => {
    // τ = ((0.5 + 0) − 1)/2 = −0.25; a single far leader takes all; equal scores share
    const scores = tf.tensor2d([
      [0.5, 0, -1],
      [5, 0, 0],
      [1, 1, 1],
    ]);
    expect(sparsemax().weights(scores)).toBeAllClose([
      [0.75, 0.25, 0],
      [1, 0, 0],
      [1 / 3, 1 / 3, 1 / 3],
    ]);
  });

  it('top-k keeps k keys, ties included, and all where there are fewer', () => {
    expect(topK(2).weights(tf.tensor2d([[0, Math.log(3), -5, -6]]))).toBeAllClose([[0.25, 0.75, 0, 0]]);
    expect(topK(1).weights(tf.tensor2d([[1, 1, 0]]))).toBeAllClose([[0.5, 0.5, 0]]);
    expect(topK(9).weights(tf.tensor2d([[0, Math.log(3)]]))).toBeAllClose([[0.25, 0.75]]);
    expect(() => topK(0)).toThrow('topK: k must be a positive integer, got 0');
  });

  it('threshold drops small weights, renormalises the rest, and keeps the greatest', () => {
    const scores = tf.log(tf.tensor2d([[0.5, 0.3, 0.2]]));
    expect(threshold(0.25).weights(scores)).toBeAllClose([[0.625, 0.375, 0]]);
    expect(threshold(0.9).weights(scores)).toBeAllClose([[1, 0, 0]]);
    expect(() => threshold(2)).toThrow('threshold: bound must be in [0, 1], got 2');
  });

  it('co-softmax normalises one matrix both ways', () => {
    const affinity = normal(2, 3, 4);
    const { overKeys, overQueries } = coSoftmax(affinity);
    expect(overKeys).toBeAllClose(tf.softmax(affinity));
    expect(overQueries).toBeAllClose(tf.softmax(tf.transpose(affinity, [0, 2, 1])));
    const queries = { allowed: tf.tensor3d([[[1, 1, 0]], [[1, 1, 1]]], [2, 1, 3], 'bool'), mayHideAll: false };
    const masked = coSoftmax(affinity, { queries });
    expect(tf.slice(masked.overQueries, [0, 0, 2], [1, 4, 1])).toBeAllClose(tf.zeros([1, 4, 1]), { absolute: 0 });
  });
});
