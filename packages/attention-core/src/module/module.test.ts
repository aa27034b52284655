import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Linear, weight } from '../layers/linear.ts';
import { Random } from '../random/random.ts';
import { Module } from './module.ts';

class Tree extends Module {
  readonly layers: Linear[];
  readonly tied: Linear;
  readonly note = 'not a weight';
  readonly scale: tf.Variable<tf.Rank.R1>;

  constructor(random: Random) {
    super();
    this.layers = [
      new Linear({ inputs: 2, outputs: 3, random }),
      new Linear({ inputs: 3, outputs: 1, bias: false, random }),
    ];
    this.tied = this.layers[0];
    this.scale = weight(Float32Array.of(1, 2), [2]);
  }
}
const tree = () => new Tree(new Random(1));
const names = ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'scale'];

describe('Module', () => {
  it('names weights by the fields that lead to them, a tied one once', () => {
    expect(
      tree()
        .namedParameters()
        .map(({ name }) => name),
    ).toEqual(names);
    expect(tree().parameterCount()).toBe(6 + 3 + 3 + 2);
    expect(Object.keys(tree().stateDict())).toEqual(names);
  });

  it('leaves frozen weights out of training but not out of its state', () => {
    const module = tree();
    module.scale.trainable = false;
    expect(module.trainableParameters().map(({ name }) => name)).toEqual(names.slice(0, 3));
    expect(Object.keys(module.stateDict())).toEqual(names);
  });

  it('takes another instance’s weights, and no longer follows it', () => {
    const [one, other] = [new Tree(new Random(1)), new Tree(new Random(2))];
    other.loadStateDict(one.stateDict());
    const before = [...one.scale.dataSync()];
    one.scale.assign(tf.tensor1d([8, 9]));
    expect([...other.scale.dataSync()]).toEqual(before);
    expect(other.layers[0].weight).toBeAllClose(one.layers[0].weight, { absolute: 0, relative: 0 });
  });

  it('takes all weights or none', () => {
    const module = tree();
    const state = { ...module.stateDict(), 'layers.0.bias': tf.ones([3]), scale: tf.zeros([3]) };
    const before = [...module.layers[0].bias!.dataSync()];
    expect(() => module.loadStateDict(state)).toThrow('loadStateDict: scale must be float32 [2], got float32 [3]');
    expect([...module.layers[0].bias!.dataSync()]).toEqual(before);
    expect(() => module.loadStateDict({ extra: tf.zeros([1]) })).toThrow(
      'got missing=[layers.0.weight, layers.0.bias, layers.1.weight, scale], unexpected=[extra]',
    );
  });

  it('frees its weights', () => {
    const before = tf.memory().numTensors;
    tree().dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
