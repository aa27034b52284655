import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences, expectVariableGradientsToMatchDifferences } from '@heed/testing';
import '../kernels/index.ts';
import { attention } from '../attention/attention.ts';
import { RelativePositionValues } from '../attention/relative-position-values.ts';
import golden from '../positions/positions.golden.json' with { type: 'json' };
import { Random } from '../random/random.ts';
import { RelativePositionScore } from './relative-position.ts';
import type { Score } from './score.ts';
import { TransformerXlScore } from './transformer-xl.ts';

const random = new Random(19);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
// B = 2, H = 2, L = 3, S = 5, D = 4, as the script has them
const { relative } = golden;
const query = tf.keep(tf.tensor4d(relative.query, [2, 2, 3, 4]));
const key = tf.keep(tf.tensor4d(relative.key, [2, 2, 5, 4]));

const config = { headWidth: 4, maxDistance: 2, random };
const shaw = new RelativePositionScore({ ...config, direction: 'both' });
shaw.weight.assign(tf.tensor2d(relative.shawTable, [5, 4]));
const music = new RelativePositionScore({ ...config, direction: 'past', heads: 2 });
music.weight.assign(tf.tensor3d(relative.musicTable, [2, 3, 4]));
const transformerXl = new TransformerXlScore({ heads: 2, headWidth: 4, random });
transformerXl.contentBias.assign(tf.tensor3d(relative.contentBias, [2, 1, 4]));
transformerXl.positionBias.assign(tf.tensor3d(relative.positionBias, [2, 1, 4]));
transformerXl.position.weight.assign(tf.tensor2d(relative.position, [8, 8]));
const scores = { shaw, music, transformerXl };

describe.each(Object.entries(scores))('the relative score %s', (name, score) => {
  it('equals the naive form, pair by pair', () => {
    const expected = relative.scores[name as keyof typeof scores];
    expect(score.scores(query, key)).toBeAllClose(tf.tensor4d(expected, [2, 2, 3, 5]));
  });

  it('has the gradients of finite differences', () => {
    expectGradientsToMatchDifferences((q, k) => score.scores(q, k), [query, key]);
    expectVariableGradientsToMatchDifferences(() => score.scores(query, key), score.namedParameters());
  });

  it('gives a block and grouped heads what the whole has there', () => {
    const region = { queries: { start: 1, end: 3 }, keys: { start: 2, end: 4 }, queryLength: 3, keyLength: 5 };
    const [q, k] = [tf.slice(query, [0, 0, 1, 0], [2, 2, 2, 4]), tf.slice(key, [0, 0, 2, 0], [2, 2, 2, 4])];
    expect((score as Score).scores(q, k, region)).toBeAllClose(
      tf.slice(score.scores(query, key), [0, 0, 1, 2], [2, 2, 2, 2]),
    );
    const [one, twice] = [tf.slice(key, [0, 0, 0, 0], [2, 1, 5, 4]), (x: tf.Tensor) => tf.tile(x, [1, 2, 1, 1])];
    expect(attention({ query, key: one, value: one, score })).toBeAllClose(
      attention({ query, key: twice(one), value: twice(one), score }),
    );
  });
});

describe('RelativePositionScore', () => {
  it('follows a position that is a tensor', () => {
    const decoded = shaw.at(tf.scalar(3, 'int32')).scores(tf.slice(query, [0, 0, 1, 0], [2, 2, 1, 4]), key);
    expect(decoded).toBeAllClose(tf.slice(shaw.scores(query, key), [0, 0, 1, 0], [2, 2, 1, 5]));
  });

  it('takes rank 3 where heads share their vectors', () => {
    const folded = shaw.scores(tf.reshape(query, [4, 3, 4]), tf.reshape(key, [4, 5, 4]));
    expect(folded).toBeAllClose(tf.reshape(shaw.scores(query, key), [4, 3, 5]));
  });
});

describe('RelativePositionValues', () => {
  const values = new RelativePositionValues({ headWidth: 4, maxDistance: 2, random });
  values.weight.assign(tf.tensor2d(relative.valueTable, [5, 4]));
  const weights = tf.keep(tf.tensor4d(relative.weights, [2, 2, 3, 5]));
  const value = tf.keep(tf.tensor4d(relative.value, [2, 2, 5, 4]));

  it('equals the naive form, pair by pair', () => {
    expect(values.combine(weights, value)).toBeAllClose(tf.tensor4d(relative.values, [2, 2, 3, 4]));
  });

  it('has the gradients of finite differences', () => {
    expectGradientsToMatchDifferences((w, v) => values.combine(w, v), [weights, value]);
    expectVariableGradientsToMatchDifferences(() => values.combine(weights, value), values.namedParameters());
  });

  it('combines grouped heads as repeated ones', () => {
    const [one, x] = [normal(1, 1, 5, 4), normal(1, 2, 3, 4)];
    const twice = tf.tile(one, [1, 2, 1, 1]);
    expect(attention({ query: x, key: one, value: one, score: shaw, combiner: values })).toBeAllClose(
      attention({ query: x, key: twice, value: twice, score: shaw, combiner: values }),
    );
  });
});
