import { readFileSync } from 'node:fs';
import { capture, Linear, Module, Random, readSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createHan, Han, type DocumentBatch, type HanConfig } from './han.ts';

const base: HanConfig = { words: 8, wordWidth: 3, hiddenWidth: 6, pooling: 'attention', dropout: 0 };

// Documents of three and two sentences; the second one's third sentence is padding.
const makeBatch = (padding = 0) => ({
  words: tf.tensor3d(
    [
      [1, 5, 2, 3],
      [4, 1, padding, padding],
      [6, padding, padding, padding],
      [7, 2, 2, padding],
      [3, 1, 5, 6],
      [padding, padding, padding, padding],
    ].flat(),
    [2, 3, 4],
    'int32',
  ),
  sentenceLengths: tf.tensor2d([4, 2, 1, 3, 4, 0], [2, 3], 'int32'),
  labels: tf.tensor1d([0, 1], 'int32'),
});

/** A classifier, so that there is something to overfit. */
class Classifier extends Module {
  readonly han: Han;
  readonly output: Linear;

  constructor(config: HanConfig, seed: number) {
    super();
    this.han = createHan(config, seed);
    this.output = new Linear({ inputs: config.hiddenWidth, outputs: 2, random: new Random(seed) });
  }

  forward(batch: DocumentBatch): tf.Tensor2D {
    return tf.tidy(() => this.output.forward(this.han.forward(batch)) as tf.Tensor2D);
  }
}

for (const pooling of ['attention', 'mean'] as const) {
  describeModelContract(`Han (${pooling})`, {
    config: { ...base, pooling },
    create: (config: HanConfig, seed) => new Classifier(config, seed),
    batch: () => makeBatch(),
    forward: (model, batch) => model.forward(batch),
    outputShape: [2, 2],
    loss: (model, batch) => crossEntropy(model.forward(batch), batch.labels),
    masked: { change: () => makeBatch(5) },
    overfit: { learningRate: 0.05, steps: 40 },
  });
}

describe('Han', () => {
  it('shows which words made each sentence, and which sentences the document', () => {
    const { maps } = capture(() => createHan(base, 1).forward(makeBatch()));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['words', [2, 3, 1, 4]],
      ['sentences', [2, 1, 1, 3]],
    ]);
    const [words, sentences] = maps.map(({ weights }) => weights);
    expect(tf.sum(tf.squeeze(words, [2]), 2)).toBeAllClose([
      [1, 1, 1],
      [1, 1, 0],
    ]);
    expect(tf.slice(words, [0, 1, 0, 2], [1, 1, 1, 2])).toBeAllClose(tf.zeros([1, 1, 1, 2]), { absolute: 0 });
    expect(tf.slice(sentences, [1, 0, 0, 2], [1, 1, 1, 1])).toBeAllClose(tf.zeros([1, 1, 1, 1]), { absolute: 0 });
  });

  it.each([
    [{ hiddenWidth: 7 }, 'Han: hiddenWidth: must be even, half for each direction, got 7'],
    [{ dropout: 1 }, 'Han: dropout: '],
    [{ pooling: 'max' }, 'Han: pooling: '],
    [{ words: 0 }, 'Han: words: '],
    [{ layers: 2 }, 'Han: config: '],
  ])('refuses the config %j', (change, message) => {
    expect(() => createHan({ ...base, ...change } as HanConfig, 1)).toThrow(message);
  });
});

describe('Han against PyTorch', () => {
  // made by tooling/golden/nlp-han.py
  const golden = readSafetensors(readFileSync(new URL('han.golden.safetensors', import.meta.url))).tensors();
  afterAll(() => tf.dispose(golden));
  const batch = { words: golden.words as tf.Tensor3D, sentenceLengths: golden.sentenceLengths as tf.Tensor2D };

  for (const pooling of ['attention', 'mean'] as const) {
    const under = (prefix: string) =>
      Object.fromEntries(
        Object.entries(golden)
          .filter(([name]) => name.startsWith(`${pooling}/${prefix}/`))
          .map(([name, tensor]) => [name.slice(pooling.length + prefix.length + 2), tensor]),
      );

    it(`gives its documents and gradients (${pooling})`, () => {
      const model = createHan({ ...base, pooling }, 1);
      model.loadStateDict(under('weights'));
      expect(model.forward(batch)).toBeAllClose(golden[`${pooling}/document`]);
      const parameters = model.namedParameters();
      const { grads } = tf.variableGrads(
        () => {
          const document = model.forward(batch);
          const uneven = tf.reshape(tf.cos(tf.mul(tf.range(0, document.size), 1.7)), document.shape);
          return tf.sum(tf.mul(document, uneven)) as tf.Scalar;
        },
        parameters.map(({ variable }) => variable),
      );
      for (const { name, variable } of parameters) {
        expect(grads[variable.name]).toBeAllClose(golden[`${pooling}/gradients/${name}`]);
      }
    });
  }
});
