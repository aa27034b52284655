import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradientsToMatchDifferences } from '@heed/testing';
import '../kernels/index.ts';
import { Random } from '../random/random.ts';
import { expectParity } from '../structures/parity.test-support.ts';
import { BatchNorm, type BatchNormConfig } from './batch-norm.ts';

const random = new Random(8);

describe('BatchNorm', () => {
  it.each<[string, BatchNormConfig, boolean]>([
    ['batch-norm-training', { channels: 5 }, true],
    ['batch-norm-rows', { channels: 5, momentum: 0.3, epsilon: 1e-3 }, true],
    ['batch-norm-evaluation', { channels: 5 }, false],
  ])('equals torch in values, gradients and running statistics: %s', (name, config, training) => {
    const norm = new BatchNorm(config);
    expectParity(`layers/${name}`, norm, ({ x }) => {
      const output = norm.forward(x, { training });
      return { output, runningMean: tf.clone(norm.runningMean), runningVariance: tf.clone(norm.runningVariance) };
    });
  });

  it('in evaluation changes nothing and treats each example by itself', () => {
    const norm = new BatchNorm({ channels: 3 });
    norm.forward(tf.tensor(random.normals(24), [8, 3]), { training: true });
    const before = [...norm.runningMean.dataSync()];
    const x = tf.tensor(random.normals(12), [4, 3]);
    const alone = norm.forward(tf.slice(x, [1, 0], [1, 3]));
    expect(alone).toBeAllClose(tf.slice(norm.forward(x), [1, 0], [1, 3]), { absolute: 0, relative: 0 });
    expect([...norm.runningMean.dataSync()]).toEqual(before);
  });

  it('saves its running statistics, which are no parameters', () => {
    const norm = new BatchNorm({ channels: 3 });
    expect(Object.keys(norm.stateDict())).toEqual(['weight', 'bias', 'runningMean', 'runningVariance']);
    expect(norm.trainableParameters().map(({ name }) => name)).toEqual(['weight', 'bias']);
    expect(norm.parameterCount()).toBe(6);
  });

  it('keeps no tensors while it trains', () => {
    const norm = new BatchNorm({ channels: 3 });
    const x = tf.tensor(random.normals(24), [8, 3]);
    const step = () =>
      tf.tidy(() => void tf.variableGrads(() => tf.sum(norm.forward(x, { training: true })) as tf.Scalar));
    step();
    const before = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the gradients of finite differences in training', () => {
    const norm = new BatchNorm({ channels: 2 });
    expectGradientsToMatchDifferences(
      (x) => norm.forward(x, { training: true }),
      [tf.tensor(random.normals(8), [4, 2])],
    );
  });

  it('refuses one value for each channel, and other channels', () => {
    const norm = new BatchNorm({ channels: 3 });
    expect(() => norm.forward(tf.zeros([1, 3]), { training: true })).toThrow(
      'BatchNorm: training needs two values for each channel at least, got [1,3]',
    );
    expect(() => norm.forward(tf.zeros([2, 4]))).toThrow('BatchNorm: x must be [B, ..., 3], got [2,4]');
  });
});
