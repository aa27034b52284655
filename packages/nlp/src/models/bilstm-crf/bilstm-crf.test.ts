import { readFileSync } from 'node:fs';
import { capture, RandomStream, readSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { bestPath } from '../../decoding/best-path.ts';
import { createBiLstmCrf, type BiLstmCrfConfig } from './bilstm-crf.ts';

const base: BiLstmCrfConfig = {
  words: 5,
  characters: 6,
  labels: 4,
  wordWidth: 3,
  characterWidth: 4,
  hiddenWidth: 6,
  heads: 2,
  dropout: 0,
  wordDropout: 0,
};

// The second sentence ends after two tokens, and tokens have one to three characters.
const makeBatch = (padding = 0) => ({
  words: tf.tensor2d([1, 4, 2, 3, 3, 2, padding, padding], [2, 4], 'int32'),
  characters: tf.tensor3d(
    [
      [1, 5, 2],
      [3, padding, padding],
      [2, 2, padding],
      [4, 1, 3],
      [5, padding, padding],
      [1, 2, 4],
      [padding, padding, padding],
      [padding, padding, padding],
    ].flat(),
    [2, 4, 3],
    'int32',
  ),
  characterCounts: tf.tensor2d([3, 1, 2, 3, 1, 3, padding > 0 ? 2 : 0, 0], [2, 4], 'int32'),
  lengths: tf.tensor1d([4, 2], 'int32'),
  labels: tf.tensor2d([0, 3, 1, 1, 2, 0, padding, padding], [2, 4], 'int32'),
});

/** What stands at padding is of no meaning. */
const real = (output: tf.Tensor) =>
  tf.concat([tf.reshape(tf.gather(output, [0]), [4, 4]), tf.slice(tf.reshape(output, [8, 4]), [4, 0], [2, 4])]);

for (const [name, variant] of Object.entries({ 'with self-attention': {}, 'LSTM alone': { heads: 0 } })) {
  describeModelContract(`BiLstmCrf (${name})`, {
    config: { ...base, ...variant },
    create: createBiLstmCrf,
    batch: () => makeBatch(),
    forward: (model, batch) => model.forward(batch),
    outputShape: [2, 4, 4],
    loss: (model, batch) => model.loss(batch, batch.labels),
    masked: { change: () => makeBatch(3), outputs: real },
    overfit: { learningRate: 0.05, steps: 60 },
  });
}

describe('BiLstmCrf', () => {
  it('has a loss that padding does not change', () => {
    const model = createBiLstmCrf(base, 1);
    const [plain, padded] = [makeBatch(), makeBatch(3)];
    expect(model.loss(padded, padded.labels)).toBeAllClose(model.loss(plain, plain.labels));
  });

  it('takes words for unknown in training alone, and then reads their characters', () => {
    const model = createBiLstmCrf({ ...base, wordDropout: 0.999 }, 1);
    const batch = makeBatch();
    const unknown = { ...batch, words: tf.zerosLike(batch.words) };
    expect(model.forward(batch, { random: RandomStream.of(1, 0) })).toBeAllClose(model.forward(unknown));
    expect(model.forward(batch)).not.toBeAllClose(model.forward(unknown));
  });

  it('shows which characters counted, and what each token looked at', () => {
    const model = createBiLstmCrf(base, 1);
    const { maps } = capture(() => model.forward(makeBatch()));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['characters', [2, 4, 1, 3]],
      ['tokens', [2, 2, 4, 4]],
    ]);
    const characters = tf.squeeze(maps[0].weights, [2]); // [B, T, C]
    expect(tf.sum(characters, 2)).toBeAllClose([
      [1, 1, 1, 1],
      [1, 1, 0, 0],
    ]);
    expect(tf.slice(characters, [0, 1, 1], [1, 1, 2])).toBeAllClose([[[0, 0]]], { absolute: 0 });
    expect(tf.slice(maps[1].weights, [1, 0, 0, 2], [1, 2, 2, 2])).toBeAllClose(tf.zeros([1, 2, 2, 2]), { absolute: 0 });
  });

  it.each([
    [{ hiddenWidth: 7 }, 'BiLstmCrf: hiddenWidth: must be even, half for each direction, got 7'],
    [{ heads: 4 }, 'BiLstmCrf: hiddenWidth: must be a multiple of heads, got 6'],
    [{ dropout: 1 }, 'BiLstmCrf: dropout: '],
    [{ labels: 0 }, 'BiLstmCrf: labels: '],
    [{ layers: 2 }, 'BiLstmCrf: config: '],
  ])('refuses the config %j', (change, message) => {
    expect(() => createBiLstmCrf({ ...base, ...change }, 1)).toThrow(message);
  });
});

describe('BiLstmCrf against PyTorch and torchcrf', () => {
  // made by tooling/golden/nlp-bilstm-crf.py
  const golden = readSafetensors(readFileSync(new URL('bilstm-crf.golden.safetensors', import.meta.url))).tensors();
  afterAll(() => tf.dispose(golden));
  const under = (prefix: string) =>
    Object.fromEntries(
      Object.entries(golden)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  const batch = {
    words: golden.words as tf.Tensor2D,
    characters: golden.characters as tf.Tensor3D,
    characterCounts: golden.characterCounts as tf.Tensor2D,
    lengths: golden.lengths as tf.Tensor1D,
  };
  const labels = golden.labels as tf.Tensor2D;
  const model = createBiLstmCrf(base, 1);
  model.loadStateDict(under('weights/'));

  it('gives its emissions, losses and likeliest labels', () => {
    const emissions = model.forward(batch);
    expect(real(emissions)).toBeAllClose(real(golden.emissions));
    expect(model.crf.negativeLogLikelihood(emissions, labels, batch.lengths)).toBeAllClose(golden.losses);
    const values = emissions.arraySync();
    for (const [row, length] of [4, 2].entries()) {
      const path = bestPath(values[row].slice(0, length), model.crf.scores());
      expect(path).toEqual(Array.from(golden[`path${row}`].dataSync()));
    }
  });

  it('gives its gradients', () => {
    const parameters = model.namedParameters();
    const { grads } = tf.variableGrads(
      () => model.loss(batch, labels),
      parameters.map(({ variable }) => variable),
    );
    expect(parameters.map(({ name }) => name).sort()).toEqual(Object.keys(under('gradients/')).sort());
    for (const { name, variable } of parameters) {
      expect(grads[variable.name]).toBeAllClose(golden[`gradients/${name}`]);
    }
  });
});
