import { readFileSync } from 'node:fs';
import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { loadPretrained, memoryFolder, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import {
  createBertQuestionAnswering,
  type AnswerBatch,
  type BertQuestionAnswering,
} from './bert-question-answering.ts';
import { bertQuestionAnsweringNames, publishedBertConfig } from './bert.names.ts';
import { tinyBertConfig } from './tiny-bert.test-support.ts';

const config = tinyBertConfig({ vocabularySize: 13, maximumLength: 11 });

const ints = (values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');

// The second text ends after four tokens.
const makeBatch = (padding = 0): AnswerBatch => ({
  tokens: ints([
    [2, 4, 3, 7, 8, 3],
    [2, 5, 3, 9, padding, padding],
  ]),
  lengths: tf.tensor1d([6, 4], 'int32'),
  tokenTypes: ints([
    [0, 0, 0, 1, 1, 1],
    [0, 0, 0, 1, 0, 0],
  ]),
  starts: tf.tensor1d([3, 0], 'int32'),
  ends: tf.tensor1d([4, 0], 'int32'),
});

/** Both logits of all real tokens: [B, 2L]. */
const joined = (model: BertQuestionAnswering, batch: AnswerBatch) => {
  const { starts, ends } = model.forward(batch);
  const real = tf.less(tf.range(0, batch.tokens.shape[1]), tf.expandDims(batch.lengths, 1)); // [B, L]
  return tf.mul(tf.concat([starts, ends], 1), tf.concat([real, real], 1));
};

describeModelContract('BertQuestionAnswering', {
  config,
  create: createBertQuestionAnswering,
  batch: () => makeBatch(),
  forward: joined,
  outputShape: [2, 12],
  loss: (model, batch) => model.loss(batch),
  masked: { change: () => makeBatch(9) },
  overfit: { learningRate: 0.03, steps: 60 },
  // softmax does not see what is added to all scores of a row; answers do not reach the pooler
  withoutGradient: (parameter) => parameter.endsWith('key.bias') || parameter === 'head.bias' || parameter.startsWith('bert.pooler'),
}); // prettier-ignore

describe("BertQuestionAnswering against Hugging Face's transformers", () => {
  // made by tooling/golden/nlp-bert-question-answering.py
  const golden = readSafetensors(
    readFileSync(new URL('bert-question-answering.golden.safetensors', import.meta.url)),
  ).tensors();
  afterAll(() => tf.dispose(golden));
  const batch = golden as unknown as AnswerBatch;
  const under = (start: string) =>
    Object.fromEntries(
      Object.entries(golden)
        .filter(([name]) => name.startsWith(start))
        .map(([name, tensor]) => [name.slice(start.length), tensor]),
    );
  /** A model that holds the tensors of the given names' start, which are called as transformers calls them. */
  const load = async (start: string) => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(under(start)));
    const model = createBertQuestionAnswering(config, 1);
    await loadPretrained(folder, model, bertQuestionAnsweringNames);
    return model;
  };
  const close = { absolute: 1e-4, relative: 1e-4 };

  it('gives its logits and its loss', async () => {
    const model = await load('weights/');
    const { starts, ends } = model.forward(batch);
    expect(starts).toBeAllClose(golden.startLogits, close);
    expect(ends).toBeAllClose(golden.endLogits, close);
    expect(model.loss(batch)).toBeAllClose(golden.loss, close);
  });

  it('gives the gradient of every weight', async () => {
    const [model, expected] = [await load('weights/'), await load('gradients/')];
    const parameters = model.trainableParameters();
    expect(parameters).toHaveLength(Object.keys(under('gradients/')).length);
    const { grads } = tf.variableGrads(
      () => model.loss(batch),
      parameters.map(({ variable }) => variable),
    );
    const theirs = new Map(expected.namedParameters().map(({ name, variable }) => [name, variable]));
    for (const { name, variable } of parameters) expect(grads[variable.name]).toBeAllClose(theirs.get(name)!, close);
  });

  it('saves its weights under the names that it was loaded from, and no pooler', async () => {
    const folder = memoryFolder();
    const model = await load('weights/');
    await savePretrained(folder, { model, names: bertQuestionAnsweringNames, config: publishedBertConfig(config) });
    const saved = readSafetensors(await folder.read('model.safetensors')).tensors();
    const weights = under('weights/');
    expect(Object.keys(saved).toSorted()).toEqual(Object.keys(weights).toSorted());
    for (const [name, tensor] of Object.entries(weights)) {
      expect(saved[name]).toBeAllClose(tensor, { absolute: 0, relative: 0 });
    }
  });
});
