import { capture, Random, RandomStream } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { goldenTensors } from '../golden.test-support.ts';
import { createCct, type CctConfig } from './cct.ts';

const config: CctConfig = {
  imageSize: [9, 7],
  channels: 3,
  convolutions: 2,
  kernelSize: 3,
  stemWidth: 6,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  feedForwardWidth: 12,
  dropout: 0,
  attentionDropout: 0,
  stochasticDepth: 0,
  classes: 3,
};
const batch = () => ({ images: tf.tensor4d(new Random(1).normals(2 * 9 * 7 * 3), [2, 9, 7, 3]) });

describeModelContract('Cct', {
  config,
  create: createCct,
  batch,
  forward: (model, { images }) => model.forward(images),
  outputShape: [2, 3],
  loss: (model, { images }) => crossEntropy(model.forward(images), tf.tensor1d([2, 0], 'int32')),
  overfit: { learningRate: 0.03, steps: 50 },
});

describe('Cct', () => {
  it("equals torch's layers put together: logits, loss, gradients", () => {
    // made by tooling/golden/vision-cct.py
    const golden = goldenTensors(new URL('cct.golden.safetensors', import.meta.url));
    const close = { absolute: 1e-5, relative: 1e-4 };
    const model = createCct(config, 1);
    model.loadStateDict(golden.under('weights/'));
    const images = golden.tensor('images') as tf.Tensor4D;
    expect(model.forward(images)).toBeAllClose(golden.tensor('logits'), close);
    const parameters = model.namedParameters();
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(model.forward(images), golden.tensor('labels')),
      parameters.map(({ variable }) => variable),
    );
    expect(value).toBeAllClose(golden.tensor('loss'), close);
    const gradients = golden.under('gradients/');
    expect(Object.keys(gradients).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
    for (const { name, variable } of parameters) expect(grads[variable.name]).toBeAllClose(gradients[name], close);
  });

  it('has the published number of weights: 0.284 M of CCT-2/3×2 for CIFAR-10', () => {
    const published = createCct(
      { ...config, imageSize: [32, 32], stemWidth: 64, modelWidth: 128, feedForwardWidth: 128, classes: 10 },
      1,
    );
    expect(published.parameterCount() / 1e6).toBeCloseTo(0.284, 3);
  });

  it('shows what the places looked at that the pooling takes', () => {
    const model = createCct(config, 1);
    const { maps } = capture(() => model.forward(batch().images));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['layer 1', [2, 2, 6, 6]],
      ['layer 2', [2, 2, 6, 6]],
      ['pooling', [2, 1, 1, 6]],
    ]);
    expect(model.grid(9, 7)).toEqual([3, 2]);
    for (const map of maps) {
      const places = model.placesOf(map, maps);
      expect(tf.sum(places, 2)).toBeAllClose(tf.ones([2, map.weights.shape[1]]));
    }
    expect(model.placesOf(maps[0], [])).toBeAllClose(tf.mean(maps[0].weights, 2));
    expect(model.placesOf(maps[0], maps)).not.toBeAllClose(tf.mean(maps[0].weights, 2));
  });

  it('leaves out whole parts in training alone, the first layer never', () => {
    const model = createCct({ ...config, stochasticDepth: 0.9 }, 1);
    const { images } = batch();
    const run = (seed: number) => model.forward(images, { random: RandomStream.of(seed, 0) });
    expect(model.forward(images)).toBeAllClose(createCct(config, 1).forward(images), { absolute: 0 });
    expect(run(1)).not.toBeAllClose(model.forward(images));
    const one = createCct({ ...config, layers: 1, stochasticDepth: 0.9 }, 1);
    expect(one.forward(images, { random: RandomStream.of(1, 0) })).toBeAllClose(one.forward(images), { absolute: 0 });
  });

  it('reads pictures of another size, and refuses kernels without a middle', () => {
    expect(createCct(config, 1).forward(tf.zeros([1, 20, 12, 3])).shape).toEqual([1, 3]);
    expect(() => createCct({ ...config, kernelSize: 4 }, 1)).toThrow('Cct: kernelSize: must be odd, got 4');
  });
});
