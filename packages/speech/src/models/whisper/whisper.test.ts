import { readFileSync } from 'node:fs';
import { capture, readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy, loadPretrained, memoryFolder, publishedWeights, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { publishedWhisperConfig, whisperConfigFrom, whisperNames } from './whisper.names.ts';
import { createWhisper, type WhisperBatch, type WhisperConfig } from './whisper.ts';

const config: WhisperConfig = {
  mels: 6,
  vocabularySize: 19,
  modelWidth: 8,
  encoderLayers: 2,
  encoderHeads: 4,
  decoderLayers: 2,
  decoderHeads: 2,
  feedForwardWidth: 12,
  maximumSteps: 10,
  maximumLength: 7,
  dropout: 0,
};
const ints = (values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');
const batch = (): WhisperBatch => ({
  features: tf.tensor3d(
    [0, 1].map((row) =>
      Array.from({ length: 12 }, (_, frame) =>
        Array.from({ length: 6 }, (__, band) => Math.sin(row + 2 * frame + 3 * band)),
      ),
    ),
  ),
  tokens: ints([
    [2, 7, 4, 9],
    [2, 3, 5, 18],
  ]),
});

describeModelContract('Whisper', {
  config: { ...config, encoderLayers: 1, decoderLayers: 1 },
  create: createWhisper,
  overfit: { learningRate: 0.03, steps: 60 },
  batch,
  forward: (model, given) => model.forward(given),
  outputShape: [2, 4, 19],
  loss: (model, given) =>
    crossEntropy(
      model.forward(given),
      ints([
        [7, 4, 9, 1],
        [3, 5, 18, 1],
      ]),
    ),
});

describe('Whisper', () => {
  // made by tooling/golden/speech-whisper.py
  const golden = readSafetensors(readFileSync(new URL('whisper.golden.safetensors', import.meta.url))).tensors();
  afterAll(() => tf.dispose(golden));
  const under = (part: string) =>
    Object.fromEntries(
      Object.entries(golden).flatMap(([name, tensor]) =>
        name.startsWith(part) ? [[name.slice(part.length), tensor]] : [],
      ),
    );
  const given = { features: golden.features as tf.Tensor3D, tokens: golden.tokens as tf.Tensor2D };
  const opened = async () => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(under('weights/')));
    const model = createWhisper(config, 1);
    await loadPretrained(folder, model, whisperNames);
    return model;
  };

  it("equals Hugging Face's: logits, attention to the sound, gradients of all weights", async () => {
    const model = await opened();
    const { result, maps } = capture(() => model.forward(given));
    expect(result).toBeAllClose(golden.logits, { absolute: 1e-4, relative: 1e-4 }); // the tolerance that is promised
    for (const layer of [0, 1]) {
      const { weights } = maps.find(({ name }) => name === `decoder ${layer + 1}.cross`)!;
      expect(weights).toBeAllClose(golden[`cross/${layer}`], { absolute: 1e-5 });
    }
    const trained = model.namedParameters().filter(({ variable }) => variable.trainable);
    const places = tf.cos(tf.mul(1.7, tf.range(0, golden.logits.size)));
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.mul(model.forward(given), tf.reshape(places, golden.logits.shape))) as tf.Scalar,
      trained.map(({ variable }) => variable),
    );
    const byName = new Map(trained.map(({ name, variable }) => [name, grads[variable.name]]));
    const theirs = under('gradients/');
    const shadow = createWhisper(config, 1); // its weights are the gradients, to be renamed as weights are
    shadow.loadStateDict({ ...shadow.stateDict(), ...Object.fromEntries(byName) });
    const renamed = publishedWeights(shadow, whisperNames);
    expect(Object.keys(theirs).toSorted()).toEqual(
      Object.keys(renamed)
        .filter((name) => !name.includes('encoder.embed_positions'))
        .toSorted(),
    );
    for (const [name, gradient] of Object.entries(theirs)) {
      expect(renamed[name]).toBeAllClose(gradient, { absolute: 1e-4, relative: 1e-4 });
    }
  });

  it('is written as it was read, with its config', async () => {
    const model = await opened();
    const folder = memoryFolder();
    await savePretrained(folder, { model, names: whisperNames, config: publishedWhisperConfig(model.config) });
    const saved = readSafetensors(await folder.read('model.safetensors')).tensors();
    expect(Object.keys(saved).toSorted()).toEqual(Object.keys(under('weights/')).toSorted());
    for (const [name, tensor] of Object.entries(under('weights/'))) {
      expect(saved[name]).toBeAllClose(tensor, { absolute: 0, relative: 0 });
    }
    expect(whisperConfigFrom(publishedWhisperConfig(model.config))).toEqual(config);
    const other = { ...publishedWhisperConfig(model.config), activation_function: 'relu' };
    expect(() => whisperConfigFrom(other)).toThrow('whisperConfigFrom: activation_function');
  });

  it('steps through tokens, some at once, as it reads them together', async () => {
    const model = await opened();
    const memory = model.encode(given.features);
    let state = model.begin(memory, 6);
    const seen: tf.Tensor[] = [];
    for (const [from, to] of [
      [0, 2],
      [2, 3],
      [3, 5],
    ]) {
      const next = model.step(tf.slice(given.tokens, [0, from], [-1, to - from]) as tf.Tensor2D, state, memory);
      state = next.state;
      seen.push(next.logits);
    }
    for (const [i, place] of [1, 2, 4].entries()) {
      expect(seen[i]).toBeAllClose(tf.squeeze(tf.slice(golden.logits, [0, place, 0], [-1, 1, -1]), [1]), {
        absolute: 1e-4,
      });
    }
  });

  it('gives what chosen heads looked at', async () => {
    const model = await opened();
    const first = {
      features: tf.slice(given.features, [0, 0, 0], [1, -1, -1]),
      tokens: tf.slice(given.tokens, [0, 0], [1, -1]),
    };
    const { weights, logits } = model.align(first.tokens, model.encode(first.features), [
      [1, 0],
      [0, 1],
    ]);
    const map = (layer: number, head: number) =>
      tf.reshape(tf.slice(golden[`cross/${layer}`], [0, head, 0, 0], [1, 1, -1, -1]), [5, 10]);
    expect(weights).toBeAllClose(tf.stack([map(1, 0), map(0, 1)]), { absolute: 1e-5 });
    expect(logits).toBeAllClose(tf.squeeze(tf.slice(golden.logits, [0, 0, 0], [1, -1, -1]), [0]), { absolute: 1e-4 });
  });

  it('refuses too many frames and tokens, naming them', () => {
    const model = createWhisper(config, 1);
    const { tokens } = batch();
    expect(() => model.forward({ features: tf.zeros([2, 22, 6]), tokens })).toThrow(
      'even number of frames, at most 20, got 22',
    );
    expect(() => model.forward({ features: tf.zeros([2, 7, 6]), tokens })).toThrow(
      'even number of frames, at most 20, got 7',
    );
    expect(() => model.forward({ features: tf.zeros([2, 8, 6]), tokens: tf.zeros([2, 8], 'int32') })).toThrow(
      'at most maximumLength=7 tokens, got 8',
    );
    expect(() => createWhisper({ ...config, decoderHeads: 3 }, 1)).toThrow(
      'modelWidth: must be a multiple of heads, got 8',
    );
    model.dispose();
  });
});
