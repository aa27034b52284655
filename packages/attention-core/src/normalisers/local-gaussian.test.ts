import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import { attention } from '../attention/attention.ts';
import { localWindow } from '../masks/local-window.ts';
import { Random } from '../random/random.ts';
import { dot } from '../scores/dot.ts';
import { CentrePredictor, localGaussian } from './local-gaussian.ts';

const random = new Random(11);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('localGaussian', () => {
  it('multiplies the softmax by a Gaussian around the centre without normalising again', () => {
    const centre = tf.tensor1d([1.5]);
    const weights = localGaussian({ centre, deviation: 2 }).weights(tf.zeros([1, 1, 4]));
    const damped = [0, 1, 2, 3].map((s) => 0.25 * Math.exp(-((s - 1.5) ** 2) / 8));
    expect(weights).toBeAllClose([[damped]]);
  });

  it('takes a centre for each sequence, each query or each head', () => {
    const scores = normal(2, 3, 4, 5);
    const perHead = tf.tensor3d(random.uniforms(24, 0, 5), [2, 3, 4]);
    const whole = localGaussian({ centre: perHead, deviation: 1 }).weights(scores);
    const head = tf.slice(scores, [0, 1, 0, 0], [2, 1, 4, 5]);
    const perQuery = tf.reshape(tf.slice(perHead, [0, 1, 0], [2, 1, 4]), [2, 4]);
    expect(localGaussian({ centre: perQuery, deviation: 1 }).weights(head)).toBeAllClose(
      tf.slice(whole, [0, 1, 0, 0], [2, 1, 4, 5]),
    );
    const query = tf.slice(head, [0, 0, 2, 0], [2, 1, 1, 5]);
    const perSequence = tf.reshape(tf.slice(perQuery, [0, 2], [2, 1]), [2]);
    expect(localGaussian({ centre: perSequence, deviation: 1 }).weights(query)).toBeAllClose(
      tf.slice(whole, [0, 1, 2, 0], [2, 1, 1, 5]),
    );
  });

  it('has the gradients of finite differences by scores and centre', () => {
    expectGradientsToMatchDifferences(
      (scores, centre) => localGaussian({ centre, deviation: 1.5 }).weights(scores),
      [normal(2, 3, 5), tf.tensor2d([0.5, 1, 2, 3, 4.2, 2], [2, 3])],
    );
  });

  it('refuses a deviation that is not positive and a centre of another rank', () => {
    expect(() => localGaussian({ centre: tf.zeros([1]), deviation: 0 })).toThrow(
      'localGaussian: deviation must be positive, got 0',
    );
    expect(() => localGaussian({ centre: tf.zeros([1, 1, 1, 1]), deviation: 1 })).toThrow(
      'localGaussian: centre must have shape [], [B], [B, L] or [B, H, L], got [1,1,1,1]',
    );
  });
});

describe('CentrePredictor', () => {
  it('computes S·σ(vᵀ·tanh(W·q))', () => {
    const predictor = new CentrePredictor({ queryWidth: 2, hiddenWidth: 2, random });
    predictor.query.weight.assign(tf.tensor2d([1, 0, 0, 1], [2, 2]));
    predictor.vector.assign(tf.tensor2d([1, -2], [2, 1]));
    const expected = (length: number) => length / (1 + Math.exp(-(Math.tanh(0.5) - 2 * Math.tanh(-0.3))));
    const query = tf.tensor3d([[[0.5, -0.3]], [[0.5, -0.3]]]);
    expect(predictor.forward(query, 10)).toBeAllClose([[expected(10)], [expected(10)]]);
    expect(predictor.forward(query, tf.tensor1d([10, 4], 'int32'))).toBeAllClose([[expected(10)], [expected(4)]]);
  });

  it('learns where to look through the whole of local-p', () => {
    const predictor = new CentrePredictor({ queryWidth: 3, hiddenWidth: 4, random });
    const [query, memory] = [normal(2, 1, 3), normal(2, 9, 3)];
    expectGradientsToMatchDifferences(
      (weight, vector, query) => {
        const hidden = tf.tanh(tf.matMul(tf.reshape(query, [2, 3]), weight as tf.Tensor2D));
        const centre = tf.mul(tf.sigmoid(tf.matMul(hidden, vector as tf.Tensor2D)), 9); // as the predictor computes it
        const mask = localWindow({ centre, radius: 20 });
        const normaliser = localGaussian({ centre, deviation: 2 });
        return attention({ query, key: memory, value: memory, score: dot(), mask, normaliser });
      },
      [tf.clone(predictor.query.weight), tf.clone(predictor.vector), query],
    );
    const { grads } = tf.variableGrads(() => {
      const centre = predictor.forward(query, 9);
      const normaliser = localGaussian({ centre, deviation: 2 });
      return tf.sum(attention({ query, key: memory, value: memory, score: dot(), normaliser })) as tf.Scalar;
    });
    for (const { variable } of predictor.namedParameters()) {
      expect(tf.sum(tf.abs(grads[variable.name])).dataSync()[0]).toBeGreaterThan(0);
    }
  });
});
