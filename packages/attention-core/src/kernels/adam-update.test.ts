import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Random } from '../random/random.ts';
import { adamUpdate } from './adam-update.ts';
import './index.ts';

describe('adamUpdate', () => {
  const random = new Random(31);
  const [weights, first, gradient] = [0, 1, 2].map(() => random.normals(1000));
  const second = random.normals(1000).map((x) => x * x);
  const vector = (values: Float32Array) => tf.tensor1d(values);
  const given = () => ({
    weights: vector(weights),
    first: vector(first),
    second: vector(second),
    gradient: vector(gradient),
    learningRate: tf.scalar(0.01),
    epsilon: tf.scalar(1e-3),
  });
  const betas = { beta1: 0.8, beta2: 0.99 };

  it('is the formula, in double precision up to rounding', () => {
    const [newWeights, newFirst, newSecond] = adamUpdate(given(), betas);
    const m = Array.from(first, (m, i) => 0.8 * m + 0.2 * gradient[i]);
    const v = Array.from(second, (v, i) => 0.99 * v + 0.01 * gradient[i] ** 2);
    expect(newFirst).toBeAllClose(m);
    expect(newSecond).toBeAllClose(v);
    const expected = Array.from(weights, (weight, i) => weight - (0.01 * m[i]) / (Math.sqrt(v[i]) + 1e-3));
    expect(newWeights).toBeAllClose(expected);
  });

  it('changes none of what it is given, and leaves nothing behind', () => {
    const inputs = given();
    const before = tf.memory().numTensors;
    const results = adamUpdate(inputs, betas);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose(adamUpdate(inputs, betas));
    expect(inputs.weights).toBeAllClose(weights, { absolute: 0, relative: 0 });
    expect(inputs.first).toBeAllClose(first, { absolute: 0, relative: 0 });
    expect(inputs.second).toBeAllClose(second, { absolute: 0, relative: 0 });
    tf.dispose(results);
    expect(tf.memory().numTensors).toBe(before);
  });
});
