import { capture, Random, readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy, loadPretrained, memoryFolder, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { goldenTensors } from '../golden.test-support.ts';
import { publishedVitConfig, vitConfigFrom, vitNames } from './vit.names.ts';
import { createVit, type VitConfig } from './vit.ts';

const config: VitConfig = {
  imageSize: [8, 12],
  channels: 3,
  patchSize: 4,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  feedForwardWidth: 12,
  activation: 'gelu',
  epsilon: 1e-12,
  dropout: 0,
  attentionDropout: 0,
  pooling: 'token',
  classes: 3,
};

const batch = () => ({ images: tf.tensor4d(new Random(1).normals(2 * 8 * 12 * 3), [2, 8, 12, 3]) });

for (const pooling of ['token', 'mean'] as const) {
  describeModelContract(`Vit (${pooling})`, {
    config: { ...config, pooling },
    create: createVit,
    batch,
    forward: (model, { images }) => model.forward(images),
    outputShape: [2, 3],
    loss: (model, { images }) => crossEntropy(model.forward(images), tf.tensor1d([2, 0], 'int32')),
    overfit: { learningRate: 0.03, steps: 50 },
    // softmax does not see what is added to all scores of a row
    withoutGradient: (parameter) => parameter.endsWith('key.bias'),
  });
}

describe("Vit against Hugging Face's transformers", () => {
  // made by tooling/golden/vision-vit.py
  const golden = goldenTensors(new URL('vit.golden.safetensors', import.meta.url));
  const square: VitConfig = { ...config, imageSize: [8, 8] };
  const close = { absolute: 1e-5, relative: 1e-4 };
  const load = async (start: string) => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(golden.under(start)));
    const model = createVit(square, 1);
    expect((await loadPretrained(folder, model, vitNames)).ignored).toEqual([]);
    return model;
  };

  it('gives its logits, loss and the gradient of every weight', async () => {
    const [model, expected] = [await load('weights/'), await load('gradients/')];
    const images = golden.tensor('images') as tf.Tensor4D;
    expect(model.forward(images)).toBeAllClose(golden.tensor('logits'), close);
    const parameters = model.namedParameters();
    const { value, grads } = tf.variableGrads(
      () => crossEntropy(model.forward(images), golden.tensor('labels')),
      parameters.map(({ variable }) => variable),
    );
    expect(value).toBeAllClose(golden.tensor('loss'), close);
    const theirs = new Map(expected.namedParameters().map(({ name, variable }) => [name, variable]));
    for (const { name, variable } of parameters) expect(grads[variable.name]).toBeAllClose(theirs.get(name)!, close);
  });

  it('reads pictures of another size with positions resized as there', async () => {
    const logits = (await load('weights/')).forward(golden.tensor('larger') as tf.Tensor4D);
    expect(logits).toBeAllClose(golden.tensor('largerLogits'), close);
  });

  it('saves its weights under the names that it was loaded from', async () => {
    const folder = memoryFolder();
    await savePretrained(folder, {
      model: await load('weights/'),
      names: vitNames,
      config: publishedVitConfig(square),
    });
    const saved = readSafetensors(await folder.read('model.safetensors')).tensors();
    const weights = golden.under('weights/');
    expect(Object.keys(saved).toSorted()).toEqual(Object.keys(weights).toSorted());
    for (const [name, tensor] of Object.entries(saved)) {
      expect(tensor).toBeAllClose(weights[name], { absolute: 0, relative: 0 });
    }
  });
});

describe("Vit's published config", () => {
  it('is read, other fields being passed over, and written back', () => {
    expect(vitConfigFrom({ ...publishedVitConfig(config), encoder_stride: 16 }, 3)).toEqual(config);
    expect(publishedVitConfig({ ...config, imageSize: [8, 8] }).image_size).toBe(8);
  });

  it.each([
    [{ model_type: 'deit' }, 'vitConfigFrom: model_type: '],
    [{ qkv_bias: false }, 'vitConfigFrom: qkv_bias: '],
    [{ patch_size: [4, 2] }, 'vitConfigFrom: patch_size: must be a square, got [4,2]'],
    [{ hidden_act: 'tanh' }, 'vitConfigFrom: hidden_act: '],
  ])('is refused where the model would compute otherwise: %j', (change, message) => {
    expect(() => vitConfigFrom({ ...publishedVitConfig(config), ...change }, 3)).toThrow(message);
  });
});

describe('Vit', () => {
  it('says what the class token looked at, place by place', () => {
    const model = createVit(config, 1);
    const { maps } = capture(() => model.forward(batch().images));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['layer 1', [2, 2, 7, 7]],
      ['layer 2', [2, 2, 7, 7]],
    ]);
    const places = model.placesOf(maps[0]);
    expect(places.shape).toEqual([2, 2, 6]);
    expect(model.grid(8, 12)).toEqual([2, 3]);
    const ofToken = tf.slice(maps[0].weights, [0, 0, 0, 1], [2, 2, 1, 6]);
    expect(places).toBeAllClose(tf.reshape(ofToken, [2, 2, 6]), { absolute: 0 });
  });

  it('refuses sizes that do not fit, naming them', () => {
    expect(() => createVit({ ...config, imageSize: [8, 10] }, 1)).toThrow(
      'Vit: imageSize: must be multiples of patchSize, got [8,10]',
    );
    expect(() => createVit({ ...config, modelWidth: 9 }, 1)).toThrow(
      'Vit: modelWidth: must be a multiple of heads, got 9',
    );
    expect(() => createVit(config, 1).forward(tf.zeros([1, 8, 9, 3]))).toThrow(
      'Vit: height and width must be multiples of patchSize=4, got 8 × 9',
    );
  });
});
