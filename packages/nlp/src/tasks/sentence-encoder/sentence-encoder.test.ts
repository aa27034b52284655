import { renderHeads } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { publish, VOCABULARY } from '../published-bert.test-support.ts';
import { SentenceEncoder } from './sentence-encoder.ts';

const opened: SentenceEncoder[] = [];
const open = async (folder?: Folder) => {
  const encoder = await SentenceEncoder.fromPretrained(folder ?? (await publish()));
  opened.push(encoder);
  return encoder;
};
afterEach(() => opened.splice(0).forEach((encoder) => encoder.dispose()));

const published = await publish();

describeTaskContract('SentenceEncoder', {
  create: () => SentenceEncoder.fromPretrained(published),
  untrained: () => new SentenceEncoder({ maximumTokens: 6 }),
  load: (folder) => SentenceEncoder.load(folder),
  folder: memoryFolder,
  inputs: ['a dog', 'the cats sat', '', 'a', 'dogs'],
  predict: (encoder, sentences, options) => encoder.encode(sentences, options),
  outcome: ({ tokens, embedding }) => ({ exact: tokens, numbers: embedding }),
});

describe('SentenceEncoder', () => {
  it('reads a sentence as its tokens, and gives the mean of their hidden states, of length 1', async () => {
    const encoder = await open();
    const [{ tokens, embedding, truncated }] = await encoder.encode(['The cats SAT']);
    expect(tokens).toEqual(['[CLS]', 'the', 'cat', '##s', 'sat', '[SEP]']);
    expect(truncated).toBe(0);

    const ids = tokens.map((token) => VOCABULARY.indexOf(token));
    const batch = { tokens: tf.tensor2d([ids], [1, 6], 'int32'), lengths: tf.tensor1d([6], 'int32') };
    const [rows] = encoder.model.bert.forward(batch).hiddenStates.arraySync();
    const mean = rows[0].map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);
    const length = Math.hypot(...mean);
    for (const [i, value] of mean.entries()) expect(embedding[i]).toBeCloseTo(value / length, 5);
  });

  it('gives sentences in their order, the same as one by one', async () => {
    const encoder = await open();
    const sentences = ['a dog', 'the cats sat', '', 'a', 'dogs'];
    const together = await encoder.encode(sentences, { batchSize: 2 });
    expect(together.map(({ sentence }) => sentence)).toEqual(sentences);
    for (const { sentence, embedding } of together) {
      const [alone] = await encoder.encode([sentence]);
      for (const [i, value] of embedding.entries()) expect(alone.embedding[i]).toBeCloseTo(value, 5);
    }
    expect(await encoder.encode([])).toEqual([]);
  });

  it('shows what each token looked at, layer by layer, without the padding', async () => {
    const encoder = await open();
    const [short, long] = await encoder.encode(['a dog', 'the cats sat'], { attention: true });
    expect(short.attention!.map(({ name }) => name)).toEqual(['layer 1, mean of 2 heads', 'layer 2, mean of 2 heads']);
    for (const { tokens, attention } of [short, long]) {
      for (const { rows, columns, weights } of attention!) {
        expect(rows).toEqual(tokens);
        expect(columns).toEqual(tokens);
        for (const row of weights) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
      }
    }
    expect(short.heads).toBeUndefined();
    expect((await encoder.encode(['a']))[0].attention).toBeUndefined();
  });

  it('shows what every head looked at, whose mean is what the layer did', async () => {
    const encoder = await open();
    const [short, long] = await encoder.encode(['a dog', 'the cats sat'], { attention: 'heads' });
    expect(long.heads!.map((heads) => heads.map(({ name }) => name))).toEqual([
      ['layer 1, head 0', 'layer 1, head 1'],
      ['layer 2, head 0', 'layer 2, head 1'],
    ]);
    for (const { tokens, heads, attention } of [short, long]) {
      for (const [layer, [first, second]] of heads!.entries()) {
        expect([first.rows, second.columns]).toEqual([tokens, tokens]);
        expect(first.weights).not.toEqual(second.weights);
        for (const [q, row] of attention![layer].weights.entries()) {
          for (const [k, mean] of row.entries())
            expect((first.weights[q][k] + second.weights[q][k]) / 2).toBeCloseTo(mean, 6);
        }
      }
    }
    expect(renderHeads(short.heads!)).toContain('"rows":["[CLS]","a","dog","[SEP]"]');
  });

  it('refuses a sentence that is too long, unless it may leave out its end', async () => {
    const encoder = await open();
    const sentence = 'the cats sat a dog';
    await expect(encoder.encode([sentence])).rejects.toThrow(
      'SentenceEncoder.encode: a sentence must have at most 6 tokens, or truncation be \'end\', got 8 in "the cats sat a dog"…',
    );
    const [cut] = await encoder.encode([sentence], { truncation: 'end' });
    expect(cut).toMatchObject({ tokens: ['[CLS]', 'the', 'cat', '##s', 'sat', '[SEP]'], truncated: 2 });
    const [whole] = await encoder.encode(['the cats sat']);
    expect(cut.embedding).toEqual(whole.embedding);
  });

  it('is saved and opened with all that it was opened with', async () => {
    const encoder = await open(published);
    const folder = memoryFolder();
    await encoder.savePretrained(folder);
    expect(await folder.list()).toEqual(await published.list());
    for (const name of await published.list()) expect(await folder.read(name)).toEqual(await published.read(name));
    const [before] = await encoder.encode(['a cat']);
    const [after] = await (await open(folder)).encode(['a cat']);
    expect(after.embedding).toEqual(before.embedding);
  });

  it('gives embeddings with a gradient to train them by', async () => {
    const encoder = await open();
    const tokens = tf.tensor2d([2, 5, 3, 2, 3, 0], [2, 3], 'int32');
    const lengths = tf.tensor1d([3, 2], 'int32');
    const { grads } = tf.variableGrads(() => {
      const [one, other] = tf.split(encoder.model.embed({ tokens, lengths }), 2);
      return tf.sum(tf.mul(one, other)) as tf.Scalar;
    });
    const { weight } = encoder.model.bert.layers[0].feedForward.hidden;
    expect(tf.sum(tf.abs(grads[(weight as tf.Variable).name])).dataSync()[0]).toBeGreaterThan(0);
  });

  it('frees every tensor', async () => {
    const folder = await publish();
    const run = async () => {
      const encoder = await SentenceEncoder.fromPretrained(folder);
      await encoder.encode(['a cat', 'the dogs'], { attention: 'heads' });
      encoder.dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses weights that are pooled otherwise, and folders without a tokenizer', async () => {
    const first = await publish({ '1_Pooling/config.json': { pooling_mode_cls_token: true } });
    await expect(SentenceEncoder.fromPretrained(first)).rejects.toThrow(
      'the pooling in published must be the mean of all tokens, got pooling_mode_cls_token',
    );
    const bare = await publish();
    await bare.remove('tokenizer.json');
    await expect(SentenceEncoder.fromPretrained(bare)).rejects.toThrow(
      'openTokenizer: there must be a tokenizer.json in published, got 1_Pooling/config.json, config.json, ',
    );
    await bare.write('tokenizer.json', new TextEncoder().encode('{"version":'));
    await expect(SentenceEncoder.fromPretrained(bare)).rejects.toThrow(
      'openTokenizer: tokenizer.json in published must be JSON',
    );
  });

  it.each(['2_Dense', '3_LayerNorm'])('refuses a module that would change the embeddings: %s', async (path) => {
    const folder = await publish({
      'modules.json': [
        { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
        { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
        { idx: 2, name: '2', path, type: `sentence_transformers.models.${path.slice(2)}` },
      ],
    });
    await expect(SentenceEncoder.fromPretrained(folder)).rejects.toThrow(
      `the modules in published must be a Transformer, Pooling and Normalize, got ${path} of type sentence_transformers.models.${path.slice(2)}`,
    );
  });

  it.each<unknown>([null, 5, ['a']])('refuses %j for a sentence', async (sentence) => {
    await expect((await open()).encode(['a', sentence as string])).rejects.toThrow(
      `SentenceEncoder.encode: a sentence must be a string, got ${JSON.stringify(sentence)} at 1`,
    );
  });

  it.each([0, 1.5])('refuses a batch size of %j', async (batchSize) => {
    await expect((await open()).encode(['a'], { batchSize })).rejects.toThrow(
      `SentenceEncoder.encode: batchSize must be a positive integer, got ${batchSize}`,
    );
  });
});
