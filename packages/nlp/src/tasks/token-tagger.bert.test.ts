import { readFileSync } from 'node:fs';
import { Random, readSafetensors, writeSafetensors } from '@heed/attention-core';
import { batchTensors, loadPretrained, memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { TaggedTokens } from '../datasets/tagged-tokens.ts';
import { publishedBertConfig } from '../models/bert/bert.names.ts';
import { BertEncoder } from './bert-encoder.ts';
import { BertReader, BertTagger } from './bert-reader.ts';
import { publish, tinyBert, wordPieceTokenizer } from './published-bert.test-support.ts';
import { classifierNames } from './published-classifier.ts';
import { TokenTagger } from './token-tagger.ts';

const sentences: TaggedTokens[] = [
  { tokens: ['the', 'cats', 'sat'], labels: ['B-pet', 'I-pet', 'O'] },
  { tokens: ['a', 'dog'], labels: ['O', 'B-pet'] },
];
const made: TokenTagger[] = [];
const open = async (...given: Parameters<typeof TokenTagger.fromPretrained>) => {
  const tagger = await TokenTagger.fromPretrained(...given);
  made.push(tagger);
  return tagger;
};
afterEach(() => made.splice(0).forEach((tagger) => tagger.dispose()));
const learn = { steps: 80, batchSize: 2, buckets: 1, learningRate: 0.01 };

describe('TokenTagger on a published BERT', () => {
  it('learns its sentences, and shows what the word pieces looked at', async () => {
    const tagger = await open(await publish());
    const history = await tagger.fit(sentences, learn);
    expect(history).toMatchObject({ reason: 'finished', steps: 80 });
    expect(tagger.labels).toEqual(['B-pet', 'I-pet', 'O']);
    expect(await tagger.evaluate(sentences)).toMatchObject({ f1: 1, accuracy: 1 });
    const { entities, attention } = await tagger.tag('the cats sat', { attention: true });
    expect(entities).toEqual([{ type: 'pet', start: 0, end: 2, text: 'the cats' }]);
    const pieces = ['[CLS]', 'the', 'cat', '##s', 'sat', '[SEP]'];
    expect(attention!.map(({ rows, columns }) => [rows, columns])).toEqual([
      [pieces, pieces],
      [pieces, pieces],
    ]);
  });

  it('gives several sentences in their order, the same as one by one', async () => {
    const tagger = await open(await publish());
    await tagger.fit(sentences, { ...learn, steps: 3 });
    const texts = ['dog', 'the cats sat', 'a dog'];
    const together = await tagger.tag(texts, { batchSize: 2 });
    for (const [i, text] of texts.entries()) expect(await tagger.tag(text)).toEqual(together[i]);
  });

  it('is saved as a token classifier with its tokenizer, and is the same again from there', async () => {
    const tagger = await open(await publish());
    await tagger.fit(sentences, { ...learn, steps: 3 });
    const folder = memoryFolder();
    await tagger.save(folder);
    const config = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as object;
    expect(config).toMatchObject({
      architectures: ['BertForTokenClassification'],
      id2label: { 0: 'B-pet', 1: 'I-pet', 2: 'O' },
      label2id: { 'B-pet': 0, 'I-pet': 1, O: 2 },
    });
    expect(await folder.list()).toContain('tokenizer.json');
    for (const loaded of [await TokenTagger.load(folder), await TokenTagger.fromPretrained(folder)]) {
      made.push(loaded);
      expect(loaded.labels).toEqual(tagger.labels);
      expect(await loaded.tag('the dogs sat')).toEqual(await tagger.tag('the dogs sat'));
    }
  });

  it('begins with new weights where it is asked to, the same under the same seed', async () => {
    const folder = await publish();
    // so low a rate changes no bit of a weight
    const bits = async (weights: 'published' | 'new', seed: number) => {
      const tagger = await open(folder, { weights, seed });
      await tagger.fit(sentences, { ...learn, steps: 1, learningRate: 1e-12 });
      const target = memoryFolder();
      await tagger.save(target);
      const tensors = readSafetensors(await target.read('model.safetensors')).tensors();
      const [[first]] = (await tensors['bert.encoder.layer.0.attention.self.query.weight'].array()) as number[][];
      tf.dispose(tensors);
      return first;
    };
    expect(await bits('new', 1)).toBe(await bits('new', 1));
    expect(await bits('new', 1)).not.toBe(await bits('new', 2));
    expect(await bits('published', 1)).toBe(await bits('published', 2));
    expect(await bits('published', 1)).not.toBe(await bits('new', 1));
  });

  it('labels a token at its first piece; where the BERT is causal, at its last', async () => {
    const places = async (causal: boolean) => {
      const folder = await publish();
      const config = JSON.stringify(publishedBertConfig({ ...tinyBert, causal }));
      await folder.write('config.json', new TextEncoder().encode(config));
      const encoder = await BertEncoder.open('test', folder, { otherwise: 'cls', pooling: 'cls', maximumTokens: 8 });
      const read = encoder.readTokens(['the', 'cats', '\u200b', 'dogs', 'sat']);
      encoder.dispose();
      return read;
    };
    // [CLS] the cat ##s [UNK] dog ##s [SEP]: there is no room for "sat"
    expect(await places(false)).toMatchObject({ ids: [2, 9, 5, 8, 1, 6, 8, 3], places: [1, 2, 4, 5], size: 9 });
    expect(await places(true)).toMatchObject({ ids: [2, 9, 5, 8, 1, 6, 8, 3], places: [1, 3, 4, 6], size: 9 });
  });

  it('refuses what is too long or cuts it, what is not labelled, and an architecture without weights', async () => {
    const tagger = await open(await publish());
    await expect(tagger.tag('the dog')).rejects.toThrow('TokenTagger.tag: the tagger must be trained');
    await tagger.fit(sentences, { ...learn, steps: 2 });
    await expect(tagger.tag('the cats sat the cat')).rejects.toThrow(
      "a sentence must have at most maximumTokens=6 word pieces, two special ones included, or truncation be 'end', got 8 in sentence 0",
    );
    expect(await tagger.tag('the cats sat the cat', { truncation: 'end' })).toMatchObject({
      tokens: ['the', 'cats', 'sat'],
      truncated: 2,
    });
    await expect(new TokenTagger({ architecture: 'bert' }).fit(sentences)).rejects.toThrow(
      "TokenTagger.fit: architecture 'bert' begins from published weights, got none",
    );
    const config = { ...publishedBertConfig(tinyBert), architectures: ['BertForTokenClassification'] };
    const folder = await publish();
    const write = (content: object) => folder.write('config.json', new TextEncoder().encode(JSON.stringify(content)));
    await write({ ...config, id2label: { 0: 'pet', 1: 'O' } });
    await expect(open(folder)).rejects.toThrow('a label must be O, B-type or I-type, got "pet"');
  });

  it('frees every tensor', async () => {
    const folder = await publish();
    const run = async () => {
      const tagger = await TokenTagger.fromPretrained(folder);
      await tagger.fit(sentences, { ...learn, steps: 2 });
      await tagger.tag('the dog', { attention: true });
      tagger.dispose();
      (await TokenTagger.fromPretrained(folder)).dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("TokenTagger against Hugging Face's transformers", () => {
  // made by tooling/golden/nlp-bert-tagger.py
  const golden = () =>
    readSafetensors(readFileSync(new URL('token-tagger.golden.safetensors', import.meta.url))).tensors();
  const given = [
    ['the', 'cats', 'sat'],
    ['A', 'dogs', 'Bird'],
  ];
  const labels = ['B-pet', 'I-pet', 'O'];
  const folder = async () => {
    const target = memoryFolder('golden');
    const tensors = golden();
    const weights = Object.entries(tensors).filter(([name]) => name.startsWith('weights/'));
    await target.write(
      'model.safetensors',
      await writeSafetensors(Object.fromEntries(weights.map(([name, tensor]) => [name.slice(8), tensor]))),
    );
    tf.dispose(tensors);
    const config = {
      ...publishedBertConfig(tinyBert),
      architectures: ['BertForTokenClassification'],
      id2label: { ...labels },
    };
    for (const [name, content] of Object.entries({ 'config.json': config, 'tokenizer.json': wordPieceTokenizer })) {
      await target.write(name, new TextEncoder().encode(JSON.stringify(content)));
    }
    return target;
  };

  it('gives its labels, the likeliest that obey BIO', async () => {
    const tagger = await open(await folder());
    const expected = (await golden().labels.array()) as number[][];
    const tagged = await tagger.tag(given);
    expect(tagged.map((sentence) => sentence.labels)).toEqual(expected.map((row) => row.map((label) => labels[label])));
  });

  it('gives its logits at the first piece of each token', async () => {
    const source = await folder();
    const encoder = await BertEncoder.open('test', source, { otherwise: 'cls', pooling: 'cls' });
    const model = new BertTagger(encoder, labels.length, new Random(1));
    await loadPretrained(source, model, classifierNames, { optional: [/pooler/] });
    const reader = new BertReader(model, labels.length);
    const read = given.map((tokens) => reader.read(tokens));
    const { places, logits } = golden();
    expect(read.map((sentence) => sentence.places)).toEqual(await places.array());
    const ours = reader.forward(batchTensors(reader.batch(read)));
    for (const [row, { places }] of read.entries()) {
      const chosen = tf.gather(tf.squeeze<tf.Tensor2D>(tf.slice(ours, row, 1), [0]), [...places]);
      // 1e-4 was asked for; what is there is the rounding of sums in another order
      expect(chosen).toBeAllClose(tf.squeeze(tf.slice(logits, row, 1), [0]), { absolute: 1e-5, relative: 1e-5 });
    }
  });
});
