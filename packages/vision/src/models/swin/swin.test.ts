import { capture, Random, readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy, loadPretrained, memoryFolder, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { goldenTensors } from '../golden.test-support.ts';
import { publishedSwinConfig, swinConfigFrom, swinNames } from './swin.names.ts';
import { createSwin, type SwinConfig } from './swin.ts';

const config: SwinConfig = {
  channels: 3,
  patchSize: 2,
  modelWidth: 4,
  blocks: [2, 2],
  heads: [1, 2],
  windowSize: 3,
  feedForwardRatio: 2,
  activation: 'gelu',
  epsilon: 1e-5,
  dropout: 0,
  attentionDropout: 0,
  stochasticDepth: 0,
  classes: 3,
};
const batch = () => ({ images: tf.tensor4d(new Random(1).normals(2 * 7 * 10 * 3), [2, 7, 10, 3]) });

describeModelContract('Swin', {
  config: { ...config, modelWidth: 8, blocks: [2, 1], heads: [2, 2], windowSize: 2 },
  create: createSwin,
  batch,
  forward: (model, { images }) => model.forward(images),
  outputShape: [2, 3],
  loss: (model, { images }) => crossEntropy(model.forward(images), tf.tensor1d([2, 0], 'int32')),
  overfit: { learningRate: 0.03, steps: 50 },
  // softmax does not see what is added to all scores of a row
  withoutGradient: (parameter) => parameter.endsWith('key.bias'),
});

describe("Swin against Hugging Face's transformers", () => {
  // made by tooling/golden/vision-swin.py
  const golden = goldenTensors(new URL('swin.golden.safetensors', import.meta.url));
  const load = async (start: string) => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(golden.under(start)));
    const model = createSwin(config, 1);
    await loadPretrained(folder, model, swinNames);
    return model;
  };

  it('gives its logits, loss and the gradient of every weight, on a padded picture that is no square', async () => {
    // 1e-4 was asked for: gradients of norms over 16 numbers grow what is rounded
    const close = { absolute: 1e-5, relative: 1e-4 };
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

  it('saves its weights under the names that it was loaded from', async () => {
    const folder = memoryFolder();
    await savePretrained(folder, {
      model: await load('weights/'),
      names: swinNames,
      config: publishedSwinConfig(config),
    });
    const saved = readSafetensors(await folder.read('model.safetensors')).tensors();
    const weights = golden.under('weights/');
    const names = Object.keys(weights).filter((name) => !name.endsWith('relative_position_index'));
    expect(Object.keys(saved).toSorted()).toEqual(names.toSorted());
    for (const [name, tensor] of Object.entries(saved)) {
      expect(tensor).toBeAllClose(weights[name], { absolute: 0, relative: 0 });
    }
  });
});

describe('Swin', () => {
  it('hides from each other what only the shift has brought together', () => {
    const { maps } = capture(() => createSwin(config, 1).forward(tf.zeros([1, 12, 12, 3])));
    expect(maps.map(({ name }) => name)).toEqual([
      'stage 1, block 1',
      'stage 1, block 2',
      'stage 2, block 1',
      'stage 2, block 2',
    ]);
    const whole = (map: number) => tf.min(maps[map].weights).dataSync()[0] > 0;
    expect([whole(0), whole(1), whole(2), whole(3)]).toEqual([true, false, true, true]); // the last map is one window
    // of the last of 2 × 2 windows, four zones of 2 × 2, 2 × 1, 1 × 2 and 1 × 1 places: 16 + 4 + 4 + 1 pairs of 81
    const last = tf.slice(maps[1].weights, [3, 0, 0, 0], [1, 1, 9, 9]);
    expect(tf.sum(tf.cast(tf.greater(last, 0), 'int32')).dataSync()[0]).toBe(25);
  });

  it('reads and writes published configs, and refuses what computes otherwise', () => {
    expect(swinConfigFrom(publishedSwinConfig(config), 3)).toEqual(config);
    const refused = (change: object) => () => swinConfigFrom({ ...publishedSwinConfig(config), ...change }, 3);
    expect(refused({ use_absolute_embeddings: true })).toThrow('swinConfigFrom: use_absolute_embeddings: ');
    expect(refused({ model_type: 'swinv2' })).toThrow('swinConfigFrom: model_type: ');
  });

  it('refuses what does not fit, naming it', () => {
    expect(() => createSwin({ ...config, heads: [1] }, 1)).toThrow(
      'Swin: heads: must have a number for each stage, as blocks',
    );
    expect(() => createSwin({ ...config, heads: [1, 3] }, 1)).toThrow("Swin: heads: must divide their stages' widths");
    expect(() => createSwin(config, 1).forward(tf.zeros([1, 12, 8, 3]))).toThrow(
      "Swin: the last stage's map must cover the window of 3 × 3, got a side of 2 from 12 × 8",
    );
  });
});
