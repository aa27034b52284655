import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { weight } from '../layers/linear.ts';
import { buffer, isBuffer } from './buffer.ts';
import { Module } from './module.ts';

class Counted extends Module {
  readonly scale = weight(Float32Array.of(1, 2), [2]);
  readonly mean = buffer(Float32Array.of(3, 4, 5), [3]);
}

describe('buffer', () => {
  it('is saved and loaded with the weights', () => {
    const [one, other] = [new Counted(), new Counted()];
    one.mean.assign(tf.tensor1d([7, 8, 9]));
    expect(Object.keys(one.stateDict())).toEqual(['scale', 'mean']);
    other.loadStateDict(one.stateDict());
    expect(other.mean).toBeAllClose([7, 8, 9]);
  });

  it('is no parameter that counts or trains, while a frozen weight counts', () => {
    const module = new Counted();
    module.scale.trainable = false;
    expect(module.parameterCount()).toBe(2);
    expect(module.trainableParameters()).toEqual([]);
    expect(module.namedBuffers().map(({ name }) => name)).toEqual(['mean']);
    expect([isBuffer(module.scale), isBuffer(module.mean as tf.Variable)]).toEqual([false, true]);
  });

  it('stays untrained, whatever unfreezes all variables', () => {
    const module = new Counted();
    for (const { variable } of module.namedParameters()) variable.trainable = true;
    expect(module.trainableParameters().map(({ name }) => name)).toEqual(['scale']);
    const objective = () => tf.sum(tf.mul(tf.sum(module.mean), module.scale)) as tf.Scalar;
    expect(Object.keys(tf.variableGrads(objective).grads)).toEqual([module.scale.name]);
  });

  it('is freed with the module', () => {
    const before = tf.memory().numTensors;
    new Counted().dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
