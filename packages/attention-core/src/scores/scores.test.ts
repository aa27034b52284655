import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences, expectVariableGradientsToMatchDifferences } from '@heed/testing';
import { attention } from '../attention/attention.ts';
import { LayerNorm } from '../layers/layer-norm.ts';
import { RmsNorm } from '../layers/rms-norm.ts';
import { causal } from '../masks/causal.ts';
import { Module } from '../module/module.ts';
import { Random } from '../random/random.ts';
import { AdditiveScore } from './additive.ts';
import { ConcatScore } from './concat.ts';
import { cosine } from './cosine.ts';
import { dot, scaledDot } from './dot.ts';
import { gaussianKernel, GaussianKernelScore, uniform } from './gaussian-kernel.ts';
import { GeneralScore } from './general.ts';
import { LocationScore } from './location.ts';
import { queryKeyNorm } from './query-key-norm.ts';
import { scoreMod } from './score-mod.ts';
import type { Score } from './score.ts';
import { softcap } from './softcap.ts';
import { temperature } from './temperature.ts';

const random = new Random(7);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

const widths = { queryWidth: 3, keyWidth: 3 };
const learnedTemperature = tf.keep(tf.tensor1d([0.5, 2, 1, 4]));
const scores: Record<string, Score> = {
  dot: dot(),
  scaledDot: scaledDot(),
  general: new GeneralScore({ ...widths, random }),
  additive: new AdditiveScore({ ...widths, hiddenWidth: 4, random }),
  concat: new ConcatScore({ ...widths, hiddenWidth: 4, random }),
  location: new LocationScore({ queryWidth: 3, maxLength: 9, random }),
  cosine: cosine(),
  gaussianKernel: gaussianKernel({ width: 1.5 }),
  learnedGaussianKernel: new GaussianKernelScore({ width: 1.5 }),
  uniform: uniform(),
  softcapped: softcap(scaledDot(), 0.7),
  softcappedAdditive: softcap(new AdditiveScore({ ...widths, hiddenWidth: 4, random }), 0.7),
  tempered: temperature(dot(), 2),
  temperedByHead: temperature(dot(), learnedTemperature),
  normalised: queryKeyNorm(scaledDot(), { query: new LayerNorm({ width: 3 }), key: new RmsNorm({ width: 3 }) }),
  modified: scoreMod(scaledDot(), (s, { h, q, k }) =>
    tf.sub(s, tf.mul(tf.add(h, 1), tf.mul(0.1, tf.abs(tf.sub(q, k))))),
  ),
};

describe.each(Object.entries(scores))('the score %s', (_name, score) => {
  it('has the gradients of finite differences by query, key and its own weights', () => {
    const inputs = [normal(2, 4, 2, 3), normal(2, 4, 5, 3)];
    // uniform and location scores do not ask the keys: a zero connects what tf.grads wants connected
    const touch = (x: tf.Tensor) => tf.mul(tf.sum(x), 0);
    expectGradientsToMatchDifferences(
      (query, key) => tf.add(score.scores(query, key), tf.add(touch(query), touch(key))),
      inputs,
    );
    const [query, key] = inputs;
    if (score instanceof Module) {
      expectVariableGradientsToMatchDifferences(() => score.scores(query, key), score.namedParameters());
    }
  });

  it('gives one number for each pair, the same with and without a head dimension', () => {
    const [query, key] = [normal(2, 4, 3, 3), normal(2, 4, 5, 3)];
    const whole = score.scores(query, key);
    expect(whole.shape).toEqual([2, 4, 3, 5]);
    if (score.name.startsWith('mod') || score === scores.temperedByHead) return; // they know heads
    expect(score.scores(tf.reshape(query, [8, 3, 3]), tf.reshape(key, [8, 5, 3]))).toBeAllClose(
      tf.reshape(whole, [8, 3, 5]),
    );
  });

  it('gives grouped heads what it gives repeated keys', () => {
    const [query, key, value] = [normal(2, 4, 3, 3), normal(2, 2, 5, 3), normal(2, 2, 5, 2)];
    const repeat = (x: tf.Tensor) => tf.gather(x, tf.tensor1d([0, 0, 1, 1], 'int32'), 1);
    expect(attention({ query, key, value, score })).toBeAllClose(
      attention({ query, key: repeat(key), value: repeat(value), score }),
    );
  });

  it('is what its products are, where it says so', () => {
    const [query, key] = [normal(2, 4, 3, 3), normal(2, 4, 5, 3)];
    if (score.asProducts === undefined) return;
    const products = score.asProducts(query, key);
    const scaled = tf.mul(tf.matMul(products.query, products.key, false, true), products.scale);
    expect(scaled).toBeAllClose(score.scores(query, key));
  });

  it('scores prepared keys as it scores plain ones', () => {
    const [query, key] = [normal(2, 4, 3, 3), normal(2, 4, 5, 3)];
    if (score.prepareKeys === undefined) return;
    expect(score.prepared!().scores(query, score.prepareKeys(key))).toBeAllClose(score.scores(query, key));
  });
});

describe('scores by hand', () => {
  const query = tf.tensor2d([[1, 2]]);
  const key = tf.tensor2d([
    [3, 4],
    [-2, 1],
  ]);

  it('computes the dot product, alone and divided by √D or by a given scale', () => {
    expect(dot().scores(query, key)).toBeAllClose([[11, 0]]);
    expect(scaledDot().scores(query, key)).toBeAllClose([[11 / Math.SQRT2, 0]]);
    expect(scaledDot({ scale: 0.1 }).scores(query, key)).toBeAllClose([[1.1, 0]]);
  });

  it('computes qᵀWk', () => {
    const general = new GeneralScore({ queryWidth: 2, keyWidth: 2, random });
    general.weight.assign(
      tf.tensor2d([
        [1, 0],
        [2, -1],
      ]),
    );
    expect(general.scores(query, key)).toBeAllClose([[5 * 3 - 2 * 4, -10 - 2]]); // qᵀW = [5, −2]
  });

  it('computes vᵀtanh(W_q·q + W_k·k), additive and concatenated', () => {
    const additive = new AdditiveScore({ queryWidth: 2, keyWidth: 2, hiddenWidth: 1, random });
    additive.query.weight.assign(tf.tensor2d([[0.1], [0.2]]));
    additive.key.weight.assign(tf.tensor2d([[0.3], [-0.1]]));
    additive.vector.assign(tf.tensor2d([[2]]));
    const expected = [[2 * Math.tanh(0.5 + 0.5), 2 * Math.tanh(0.5 - 0.7)]];
    expect(additive.scores(query, key)).toBeAllClose(expected);
    const concat = new ConcatScore({ queryWidth: 2, keyWidth: 2, hiddenWidth: 1, random });
    concat.weight.assign(tf.tensor2d([[0.1], [0.2], [0.3], [-0.1]]));
    concat.vector.assign(tf.tensor2d([[2]]));
    expect(concat.scores(query, key)).toBeAllClose(expected);
  });

  it('lets the query alone decide by location', () => {
    const location = new LocationScore({ queryWidth: 2, maxLength: 3, random });
    location.weight.assign(
      tf.tensor2d([
        [1, 0, 5],
        [0, 1, 5],
      ]),
    );
    expect(location.scores(query, key)).toBeAllClose([[1, 2]]);
    expect(() => location.scores(query, tf.zeros([4, 2]))).toThrow(
      'LocationScore: keys must be at most maxLength=3, got 4',
    );
  });

  it('computes cosines, 0 for a zero vector', () => {
    expect(cosine().scores(query, key)).toBeAllClose([[11 / (Math.sqrt(5) * 5), 0]]);
    expect(cosine().scores(tf.zeros([1, 2]), key)).toBeAllClose([[0, 0]]);
    const [gradient] = tf.grads((q) => tf.sum(cosine().scores(q, key)))([tf.zeros([1, 2])]);
    expect(tf.all(tf.isFinite(gradient)).dataSync()[0]).toBe(1);
  });

  it('computes −‖q − k‖²/2h², far from the origin too', () => {
    expect(gaussianKernel({ width: 2 }).scores(query, key)).toBeAllClose([[-8 / 8, -10 / 8]]);
    const far = 1000;
    expect(gaussianKernel().scores(tf.add(query, far), tf.add(key, far))).toBeAllClose([[-4, -5]], { absolute: 1e-4 });
    expect(new GaussianKernelScore({ width: 2 }).scores(query, key)).toBeAllClose([[-1, -1.25]]);
    expect(() => gaussianKernel({ width: 0 })).toThrow('gaussianKernel: width must be positive, got 0');
  });

  it('caps, tempers and normalises', () => {
    expect(softcap(dot(), 5).scores(query, key)).toBeAllClose([[5 * Math.tanh(11 / 5), 0]]);
    expect(temperature(dot(), 4).scores(query, key)).toBeAllClose([[2.75, 0]]);
    const unit = { forward: (x: tf.Tensor) => tf.div(x, tf.norm(x, 2, -1, true)) };
    expect(queryKeyNorm(dot(), { query: unit, key: unit }).scores(query, key)).toBeAllClose(
      cosine().scores(query, key),
    );
    expect(() => softcap(dot(), 0)).toThrow('softcap: cap must be positive, got 0');
    expect(() => temperature(dot(), -1)).toThrow('temperature: t must be a positive number, a scalar or [H], got -1');
  });
});

describe('scoreMod', () => {
  it('tells every score its sequence, head, query and key', () => {
    const digits = scoreMod(uniform(), (scores, { b, h, q, k }) =>
      tf.add(scores, tf.add(tf.add(tf.mul(b, 1000), tf.mul(h, 100)), tf.add(tf.mul(q, 10), k))),
    );
    const result = digits.scores(tf.zeros([2, 3, 2, 1]), tf.zeros([2, 3, 4, 1])).arraySync() as number[][][][];
    expect(result[1][2][1]).toEqual([1210, 1211, 1212, 1213]);
    const region = { queries: { start: 5, end: 7 }, keys: { start: 8, end: 9 }, queryLength: 9, keyLength: 9 };
    const grouped = digits.scores(tf.zeros([1, 1, 4, 1]), tf.zeros([1, 1, 1, 1]), region); // two heads share the keys
    expect(grouped).toBeAllClose([[[[58], [68], [158], [168]]]]);
  });

  it('makes a mask-like bias that equals the mask', () => {
    const x = normal(1, 2, 5, 3);
    const hideLater = scoreMod(scaledDot(), (s, { q, k }) => tf.where(tf.lessEqual(k, q), s, tf.onesLike(s).mul(-1e9)));
    expect(attention({ query: x, key: x, value: x, score: hideLater })).toBeAllClose(
      attention({ query: x, key: x, value: x, mask: causal() }),
    );
  });

  it('refuses a modification that changes the shape', () => {
    const wrong = scoreMod(dot(), (scores) => tf.sum(scores, -1));
    expect(() => wrong.scores(tf.zeros([1, 1, 2, 3]), tf.zeros([1, 1, 4, 3]))).toThrow(
      'scoreMod: modify must keep the shape [1,1,2,4], got [1,1,2]',
    );
  });
});
