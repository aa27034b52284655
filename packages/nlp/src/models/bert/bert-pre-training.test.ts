import { readFileSync } from 'node:fs';
import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { crossEntropy, loadPretrained, memoryFolder, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { createBertPreTraining, type BertPreTraining, type PreTrainingBatch } from './bert-pre-training.ts';
import { bertConfigFrom, bertNames, bertPreTrainingNames, publishedBertConfig } from './bert.names.ts';
import { createBert } from './bert.ts';
import { tinyBertConfig } from './tiny-bert.test-support.ts';

const config = tinyBertConfig({ vocabularySize: 11, maximumLength: 7 });

const ints = (values: number[][]) => tf.tensor2d(values, [values.length, values[0].length], 'int32');

// The second text ends after three tokens.
const makeBatch = (padding = 0): PreTrainingBatch => ({
  tokens: ints([
    [1, 4, 2, 7, 2],
    [1, 5, 2, padding, padding],
  ]),
  lengths: tf.tensor1d([5, 3], 'int32'),
  tokenTypes: ints([
    [0, 0, 0, 1, 1],
    [0, 0, 0, 0, 0],
  ]),
  positions: ints([
    [1, 3],
    [1, 0],
  ]),
  targets: ints([
    [9, 7],
    [6, -100],
  ]),
  isRandom: tf.tensor1d([0, 1], 'int32'),
});

/** The logits of all real tokens, and under them those of the next sentence, filled up with zeros: [B, L + 1, V]. */
const joined = (model: BertPreTraining, batch: PreTrainingBatch) => {
  const { predictions, nextSentence } = model.forward(batch);
  const real = tf.less(tf.range(0, batch.tokens.shape[1]), tf.expandDims(batch.lengths, 1)); // [B, L]
  const padded = tf.pad(tf.expandDims(nextSentence, 1), [
    [0, 0],
    [0, 0],
    [0, 9],
  ]);
  return tf.concat([tf.mul(predictions, tf.expandDims(real, 2)), padded], 1);
};

for (const untiedHead of [false, true])
  describeModelContract(`BertPreTraining${untiedHead ? ' with a head of its own' : ''}`, {
    config: { ...config, ...(untiedHead && { untiedHead }) },
    create: createBertPreTraining,
    batch: () => makeBatch(),
    forward: joined,
    outputShape: [2, 6, 11],
    loss: (model, batch) => model.loss(batch),
    masked: { change: () => makeBatch(9) },
    overfit: { learningRate: 0.03, steps: 60 },
    // softmax does not see what is added to all scores of a row
    withoutGradient: (parameter) => parameter.endsWith('key.bias'),
  });

describe('BertPreTraining', () => {
  it('asks of the positions what it would make there of the whole text', () => {
    const model = createBertPreTraining(config, 1);
    const batch = makeBatch();
    const { predictions } = model.forward(batch);
    const asked = model.ask(batch).predictions;
    expect(tf.slice(asked, [0, 0, 0], [1, 1, 11])).toBeAllClose(tf.slice(predictions, [0, 1, 0], [1, 1, 11]));
    expect(tf.slice(asked, [0, 1, 0], [1, 1, 11])).toBeAllClose(tf.slice(predictions, [0, 3, 0], [1, 1, 11]));
    expect(tf.slice(asked, [1, 0, 0], [1, 1, 11])).toBeAllClose(tf.slice(predictions, [1, 1, 0], [1, 1, 11]));
  });

  it('counts nothing for a next sentence that is not asked', () => {
    const model = createBertPreTraining(config, 1);
    const batch = makeBatch();
    const loss = model.loss({ ...batch, isRandom: tf.tensor1d([-100, -100], 'int32') });
    expect(loss).toBeAllClose(crossEntropy(model.ask(batch).predictions, batch.targets));
  });

  it('sees nothing of later tokens where it is causal', () => {
    const change = (last: number) => ({ ...makeBatch(), tokens: ints([[1, 4, 2, 7, last], [1, 5, 2, 0, 0]]) }); // prettier-ignore
    const before = (causal: boolean, last: number) => {
      const { predictions } = createBertPreTraining({ ...config, causal }, 1).forward(change(last));
      return tf.slice(predictions, [0, 0, 0], [1, 4, 11]);
    };
    expect(before(true, 2)).toBeAllClose(before(true, 8), { absolute: 0, relative: 0 });
    expect(before(false, 2)).not.toBeAllClose(before(false, 8));
  });
});

describe("BertPreTraining against Hugging Face's transformers", () => {
  // made by tooling/golden/nlp-bert-pre-training.py
  const golden = readSafetensors(
    readFileSync(new URL('bert-pre-training.golden.safetensors', import.meta.url)),
  ).tensors();
  afterAll(() => tf.dispose(golden));
  const batch = golden as unknown as PreTrainingBatch;
  const under = (start: string) =>
    Object.fromEntries(
      Object.entries(golden)
        .filter(([name]) => name.startsWith(start))
        .map(([name, tensor]) => [name.slice(start.length), tensor]),
    );
  const folderOf = async (start: string) => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(under(start)));
    return folder;
  };
  /** A model that holds the tensors of the given names' start, which are called as transformers calls them. */
  const load = async (start: string) => {
    const model = createBertPreTraining(config, 1);
    await loadPretrained(await folderOf(start), model, bertPreTrainingNames);
    return model;
  };
  // torch's own logits are off by 2e-5 from what it makes of them in doubles: norms over 8 features enlarge what is rounded
  const close = { absolute: 1e-4, relative: 1e-4 };

  it('gives its logits and its loss', async () => {
    const model = await load('weights/');
    const { predictions, nextSentence } = model.forward(batch);
    expect(predictions).toBeAllClose(golden.predictions, close);
    expect(nextSentence).toBeAllClose(golden.nextSentence, close);
    expect(model.loss(batch)).toBeAllClose(golden.loss, close);
  });

  it('gives the gradient of every weight', async () => {
    const [model, expected] = [await load('weights/'), await load('gradients/')];
    const parameters = model.namedParameters();
    const { grads } = tf.variableGrads(
      () => model.loss(batch),
      parameters.map(({ variable }) => variable),
    );
    const theirs = new Map(expected.namedParameters().map(({ name, variable }) => [name, variable]));
    for (const { name, variable } of parameters) expect(grads[variable.name]).toBeAllClose(theirs.get(name)!, close);
  });

  it('saves its weights under the names that it was loaded from', async () => {
    const folder = memoryFolder();
    const model = await load('weights/');
    await savePretrained(folder, { model, names: bertPreTrainingNames, config: publishedBertConfig(config) });
    const saved = readSafetensors(await folder.read('model.safetensors')).tensors();
    const weights = under('weights/');
    expect(Object.keys(saved).toSorted()).toEqual(Object.keys(weights).toSorted());
    for (const [name, tensor] of Object.entries(saved)) {
      expect(tensor).toBeAllClose(weights[name], { absolute: 0, relative: 0 });
    }
  });

  it('is, as a causal encoder, what transformers make of a decoder', async () => {
    const causal = bertConfigFrom({ ...publishedBertConfig(config), is_decoder: true });
    expect(causal).toEqual({ ...config, causal: true });
    const model = createBert(causal, 1);
    await loadPretrained(await folderOf('weights/'), model, bertNames);
    const real = tf.expandDims(tf.less(tf.range(0, 7), tf.expandDims(batch.lengths, 1)), 2);
    const { hiddenStates } = model.forward(batch);
    expect(tf.mul(hiddenStates, real)).toBeAllClose(tf.mul(golden.causal, real), close);
  });
});

describe("BertPreTraining with a head of its own against Hugging Face's transformers", () => {
  // made by tooling/golden/nlp-bert-pre-training.py
  const golden = readSafetensors(
    readFileSync(new URL('bert-pre-training-untied.golden.safetensors', import.meta.url)),
  ).tensors();
  afterAll(() => tf.dispose(golden));
  const batch = golden as unknown as PreTrainingBatch;
  const weights = Object.fromEntries(
    Object.entries(golden)
      .filter(([name]) => name.startsWith('weights/'))
      .map(([name, tensor]) => [name.slice('weights/'.length), tensor]),
  );
  const untied = bertConfigFrom({ ...publishedBertConfig(config), tie_word_embeddings: false });
  const load = async () => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(weights));
    const model = createBertPreTraining(untied, 1);
    await loadPretrained(folder, model, bertPreTrainingNames);
    return model;
  };
  const close = { absolute: 1e-4, relative: 1e-4 }; // as above

  it('gives its logits, its loss and the gradient of the head', async () => {
    expect(untied).toEqual({ ...config, untiedHead: true });
    const model = await load();
    expect(model.forward(batch).predictions).toBeAllClose(golden.predictions, close);
    expect(model.loss(batch)).toBeAllClose(golden.loss, close);
    const { weight, bias } = model.decoder!;
    const { grads } = tf.variableGrads(() => model.loss(batch), [weight, bias!]);
    const theirs = 'gradients/cls.predictions.decoder';
    expect(tf.transpose(grads[weight.name])).toBeAllClose(golden[`${theirs}.weight`], close);
    expect(grads[bias!.name]).toBeAllClose(golden[`${theirs}.bias`], close);
  });

  it('saves its weights under the names that it was loaded from', async () => {
    const folder = memoryFolder();
    const published = publishedBertConfig(untied);
    expect(published.tie_word_embeddings).toBe(false);
    await savePretrained(folder, { model: await load(), names: bertPreTrainingNames, config: published });
    const saved = readSafetensors(await folder.read('model.safetensors')).tensors();
    expect(Object.keys(saved).toSorted()).toEqual(Object.keys(weights).toSorted());
    for (const [name, tensor] of Object.entries(saved)) {
      expect(tensor).toBeAllClose(weights[name], { absolute: 0, relative: 0 });
    }
  });
});
