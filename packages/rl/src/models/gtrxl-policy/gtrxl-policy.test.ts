import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { describePolicy } from '../../policies/policy.test-support.ts';
import { createGtrxlPolicy, type GtrxlPolicyConfig } from './gtrxl-policy.ts';

const config: GtrxlPolicyConfig = {
  observationSize: 2,
  actions: { kind: 'categorical', size: 2 },
  modelWidth: 8,
  layers: 1, // two are compared with an independent implementation beside the layers
  heads: 2,
  memoryLength: 3,
  normaliseObservations: false,
};

describePolicy('GtrxlPolicy', config, createGtrxlPolicy, (name) => name.endsWith('attention.key.bias')); // moves all scores of a query alike

describe('GtrxlPolicy', () => {
  it('looks no further back than its memory is long, and not at slots that are hidden', () => {
    const policy = createGtrxlPolicy(config, 1);
    const memory = { entered: tf.randomNormal([1, 1, 3, 8], 0, 1, 'float32', 2), filled: tf.ones([1, 3]) };
    const changed = {
      ...memory,
      entered: tf.concat([tf.zeros([1, 1, 1, 8]), tf.slice(memory.entered, [0, 0, 1, 0])], 2),
    };
    const observations = tf.tensor2d([[1, -1]]);
    const starts = tf.zeros([1]) as tf.Tensor1D;
    const value = (of: typeof memory, visible?: tf.Tensor2D) =>
      policy.step({ observations, starts, memory: of, visible }).values;
    expect(value(changed)).not.toBeAllClose(value(memory), { absolute: 1e-5, relative: 0 });
    const hidden = tf.tensor2d([[0, 1, 1]]);
    expect(value(changed, hidden)).toBeAllClose(value(memory, hidden));
    // the oldest slot is out of sight of the second step
    const two = (of: typeof memory) =>
      tf.slice(
        policy.segment({ observations: tf.ones([1, 2, 2]), starts: tf.zeros([1, 2]), memory: of }).values,
        [1],
        [1],
      );
    expect(two(changed)).toBeAllClose(two(memory));
    policy.dispose();
  });

  it('refuses an empty memory', () => {
    expect(() => createGtrxlPolicy({ ...config, memoryLength: 0 }, 1)).toThrow('GtrxlPolicy: memoryLength');
  });
});
