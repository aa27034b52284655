import { capture, Random, RandomStream } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { goldenTensors } from '../golden.test-support.ts';
import { createConvNet, type ConvNetConfig } from './conv-net.ts';

const config: ConvNetConfig = {
  channels: 3,
  widths: [4, 6],
  blocks: 1,
  attention: 'none',
  reduction: 2,
  dropout: 0,
  classes: 3,
};
const KINDS = ['none', 'squeeze-excitation', 'convolutional-block'] as const;
const batch = () => ({ images: tf.tensor4d(new Random(1).normals(2 * 6 * 5 * 3), [2, 6, 5, 3]) });

for (const attention of KINDS) {
  describeModelContract(`ConvNet (${attention})`, {
    config: { ...config, widths: [8, 12], attention }, // wide enough that no gate is dead at the start
    create: createConvNet,
    batch,
    forward: (model, { images }) => model.forward(images),
    outputShape: [2, 3],
    loss: (model, { images }) => crossEntropy(model.forward(images), tf.tensor1d([2, 0], 'int32')),
    overfit: { learningRate: 0.03, steps: 40 },
  });
}

describe('ConvNet', () => {
  // made by tooling/golden/vision-conv-net.py
  const golden = goldenTensors(new URL('conv-net.golden.safetensors', import.meta.url));
  const close = { absolute: 1e-5, relative: 1e-4 };

  it.each(KINDS)("equals torch's layers put together, with gates '%s': logits, loss, gradients", (attention) => {
    const model = createConvNet({ ...config, attention }, 1);
    model.loadStateDict(golden.under(`${attention}/weights/`));
    const images = golden.tensor('images') as tf.Tensor4D;
    expect(model.forward(images)).toBeAllClose(golden.tensor(`${attention}/logits`), close);
    const parameters = model.trainableParameters();
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(model.forward(images, { random: RandomStream.of(1, 0) }), golden.tensor('labels')),
      parameters.map(({ variable }) => variable),
    );
    expect(value).toBeAllClose(golden.tensor(`${attention}/loss`), close);
    const gradients = golden.under(`${attention}/gradients/`);
    expect(Object.keys(gradients).toSorted()).toEqual(parameters.map(({ name }) => name).toSorted());
    // batch norm divides by deviations of few values: sums in another order show at 1e-4
    for (const { name, variable } of parameters) {
      expect(grads[variable.name]).toBeAllClose(gradients[name], { absolute: 1e-4, relative: 1e-4 });
    }
  });

  it('shows the gates of places, block by block, and none where there are none', () => {
    const model = createConvNet({ ...config, attention: 'convolutional-block' }, 1);
    const { maps } = capture(() => model.forward(batch().images));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['channels', [2, 1, 1, 4]],
      ['places', [2, 1, 6, 5]],
      ['channels#2', [2, 1, 1, 6]],
      ['places#2', [2, 1, 3, 3]],
    ]);
    expect(maps.map((map) => model.placesOf(map)?.shape)).toEqual([undefined, [2, 1, 30], undefined, [2, 1, 9]]);
    expect(createConvNet(config, 1).grid(6, 5)).toBeUndefined();
  });

  it('refuses a config out of range, naming it', () => {
    expect(() => createConvNet({ ...config, widths: [] }, 1)).toThrow('ConvNet: widths: ');
    expect(() => createConvNet({ ...config, attention: 'spatial' as never }, 1)).toThrow('ConvNet: attention: ');
  });
});
