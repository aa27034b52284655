import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import { and } from '../masks/algebra.ts';
import { causal } from '../masks/causal.ts';
import { fromTensor } from '../masks/from-tensor.ts';
import { padding } from '../masks/padding.ts';
import { capture } from '../maps/capture.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { AdditiveScore } from '../scores/additive.ts';
import { ConcatScore } from '../scores/concat.ts';
import { dot, scaledDot } from '../scores/dot.ts';
import { GeneralScore } from '../scores/general.ts';
import { attention } from './attention.ts';

const random = new Random(7);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('attention', () => {
  it('gives the weighted sum that a hand calculation gives', () => {
    // scores ln 1 and ln 3 → weights 1/4 and 3/4
    const query = tf.tensor3d([[[1]]]);
    const key = tf.tensor3d([[[0], [Math.log(3)]]]);
    const value = tf.tensor3d([
      [
        [8, 0],
        [0, 4],
      ],
    ]);
    expect(attention({ query, key, value, score: dot() })).toBeAllClose([[[2, 3]]]);
  });

  it('divides scaled scores by the square root of the head width', () => {
    const query = tf.tensor3d([[[2 * Math.log(3), 0, 0, 0]]]);
    const key = tf.tensor3d([
      [
        [0, 0, 0, 0],
        [1, 0, 0, 0],
      ],
    ]);
    const value = tf.tensor3d([[[8], [4]]]);
    expect(attention({ query, key, value })).toBeAllClose([[[5]]]);
  });

  it('lets grouped query heads share a key head', () => {
    const [query, key, value] = [normal(2, 4, 3, 5), normal(2, 2, 6, 5), normal(2, 2, 6, 5)];
    const repeated = (x: tf.Tensor) => tf.gather(x, tf.tensor1d([0, 0, 1, 1], 'int32'), 1);
    const mask = causal();
    expect(attention({ query, key, value, mask })).toBeAllClose(
      attention({ query, key: repeated(key), value: repeated(value), mask }),
    );
  });

  it('hides later positions under a causal mask', () => {
    const x = normal(1, 2, 6, 4);
    const changed = tf.add(
      x,
      tf.pad(tf.ones([1, 2, 2, 4]), [
        [0, 0],
        [0, 0],
        [4, 0],
        [0, 0],
      ]),
    );
    const before = attention({ query: x, key: x, value: x, mask: causal() });
    const after = attention({ query: changed, key: changed, value: changed, mask: causal() });
    expect(tf.slice(after, [0, 0, 0, 0], [1, 2, 4, 4])).toBeAllClose(tf.slice(before, [0, 0, 0, 0], [1, 2, 4, 4]));
  });

  it('gives output, weights and gradients of zero where a query may see no key', () => {
    const [query, key, value] = [normal(2, 1, 2, 3), normal(2, 1, 4, 3), normal(2, 1, 4, 3)];
    const run = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      attention({ query: q, key: k, value: v, mask: padding([4, 0]) });
    const { result, maps } = capture(() => run(query, key, value));
    expect(tf.slice(result, [1], [1])).toBeAllClose(tf.zeros([1, 1, 2, 3]), { absolute: 0 });
    expect(tf.slice(maps[0].weights, [1], [1])).toBeAllClose(tf.zeros([1, 1, 2, 4]), { absolute: 0 });
    for (const gradient of tf.grads((q, k, v) => tf.sum(tf.square(run(q, k, v))))([query, key, value])) {
      expect(tf.slice(gradient, [1], [1])).toBeAllClose(tf.zeros([1, 1, gradient.shape[2]!, 3]), { absolute: 0 });
      expect(tf.all(tf.isFinite(gradient)).dataSync()[0]).toBe(1);
    }
  });

  it('stays finite for scores as large as float32 products of 1e15 make them', () => {
    const query = tf.tensor3d([[[1e15], [-1e15]]]);
    const key = tf.tensor3d([[[1e3], [-1e3]]]);
    const value = tf.tensor3d([[[1], [2]]]);
    expect(attention({ query, key, value, score: dot() })).toBeAllClose([[[1], [2]]]);
  });

  it('takes no part in the gradient of dropped weights', () => {
    const x = normal(1, 1, 8, 4);
    const stream = () => RandomStream.of(3, 0);
    const value = tf.eye(8).reshape([1, 1, 8, 8]);
    const weights = attention({ query: x, key: x, value, dropout: 0.5, random: stream() });
    const undropped = attention({ query: x, key: x, value });
    const kept = tf.cast(tf.greater(weights, 0), 'float32');
    expect(tf.mean(kept).dataSync()[0]).toBeGreaterThan(0.25);
    expect(tf.mean(kept).dataSync()[0]).toBeLessThan(0.75);
    expect(weights).toBeAllClose(tf.mul(tf.mul(undropped, kept), 2));
  });

  it('rejects shapes that do not agree, naming them', () => {
    const [query, key] = [tf.zeros([1, 3, 2, 4]), tf.zeros([1, 2, 5, 4])];
    expect(() => attention({ query, key, value: key })).toThrow(
      'attention: query heads must be a multiple of key heads, and value heads equal key heads, ' +
        'got query=[1,3,2,4], key=[1,2,5,4], value=[1,2,5,4]',
    );
    expect(() => attention({ query: key, key, value: tf.zeros([1, 2, 6, 4]) })).toThrow('same length S');
    expect(() => attention({ query: tf.zeros([2, 2]), key, value: key })).toThrow('rank 4 [B, H, L, D] or rank 3');
    expect(() => attention({ query: tf.zeros([2, 2, 5, 4]), key, value: key })).toThrow('same batch size');
  });

  const scores = {
    dot: dot(),
    scaledDot: scaledDot(),
    general: new GeneralScore({ queryWidth: 3, keyWidth: 3, random }),
    additive: new AdditiveScore({ queryWidth: 3, keyWidth: 3, hiddenWidth: 4, random }),
    concat: new ConcatScore({ queryWidth: 3, keyWidth: 3, hiddenWidth: 4, random }),
  };
  const masks = {
    none: undefined,
    causal: causal(),
    padding: padding([4, 2]),
    both: and(causal(), padding([3, 0])),
    tensor: fromTensor(
      tf.keep(
        tf.tensor2d(
          [
            [1, 0, 1, 1],
            [0, 0, 0, 0],
            [1, 1, 1, 1],
          ],
          [3, 4],
          'bool',
        ),
      ),
    ),
  };
  for (const [scoreName, score] of Object.entries(scores)) {
    for (const [maskName, mask] of Object.entries(masks)) {
      it(`has the gradients of finite differences with score ${scoreName} and mask ${maskName}`, () => {
        expectGradientsToMatchDifferences(
          (query, key, value) => attention({ query, key, value, score, mask }),
          [normal(2, 3, 3), normal(2, 4, 3), normal(2, 4, 2)],
        );
      });
    }
  }

  it('scores prepared keys as it scores plain ones', () => {
    const [query, key] = [normal(2, 3, 3), normal(2, 4, 3)];
    for (const score of [scores.general, scores.additive, scores.concat]) {
      expect(score.prepared().scores(query, score.prepareKeys(key))).toBeAllClose(score.scores(query, key));
    }
  });
});
