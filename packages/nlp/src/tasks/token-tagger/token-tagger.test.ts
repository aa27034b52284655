import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TaggedTokens } from '../../datasets/tagged-tokens.ts';
import type { TokenTaggerOptions } from './token-tagger-config.ts';
import { TokenTagger } from './token-tagger.ts';

const config: TokenTaggerOptions = {
  wordWidth: 6,
  characterWidth: 8,
  hiddenWidth: 16,
  heads: 2,
  dropout: 0.1,
  minimumCount: 1,
  seed: 7,
};

const tagged = (text: string): TaggedTokens => {
  const parts = text.split(' ').map((part) => part.split('/'));
  return { tokens: parts.map(([token]) => token), labels: parts.map(([, label]) => label ?? 'O') };
};
const sentences = [
  'Ann/B-person Lee/I-person lives in York/B-place',
  'In Hull/B-place lives Tom/B-person',
  'Tom/B-person Lee/I-person Ann/B-person met in New/B-place York/I-place',
  'nobody lives here',
].map(tagged);

const made: TokenTagger[] = [];
const create = (change: TokenTaggerOptions = {}) => {
  const tagger = new TokenTagger({ ...config, ...change });
  made.push(tagger);
  return tagger;
};
const quick = { steps: 8, batchSize: 2 };
const trained = async (change: TokenTaggerOptions = {}) => {
  const tagger = create(change);
  await tagger.fit(sentences, quick);
  return tagger;
};
afterEach(() => made.splice(0).forEach((tagger) => tagger.dispose()));

const weightsOf = async (tagger: TokenTagger) => {
  const folder = memoryFolder();
  await tagger.save(folder);
  return folder.read('model.safetensors');
};

describeTaskContract('TokenTagger', {
  create: () => new TokenTagger(config),
  untrained: () => new TokenTagger(config),
  load: (folder) => TokenTagger.load(folder),
  folder: memoryFolder,
  fit: (tagger, options) => tagger.fit(sentences, { batchSize: 2, ...options }),
  fitBadly: (tagger) => tagger.fit([...sentences, tagged('in Hull/I-place')]),
  inputs: ['Tom', 'nobody lives in New York', 'Ann met Tom', ['Ann', 'Lee']],
  predict: (tagger, inputs, options) => tagger.tag(inputs, options),
  outcome: ({ labels }) => ({ exact: labels, numbers: [] }),
});

describe('TokenTagger', () => {
  it('learns its sentences, and shows what it looked at', async () => {
    const tagger = create();
    const history = await tagger.fit(sentences, { steps: 60, batchSize: 4, buckets: 1, learningRate: 0.04 });
    expect(history).toMatchObject({ reason: 'finished', steps: 60 });
    expect(await tagger.evaluate(sentences)).toMatchObject({ precision: 1, recall: 1, f1: 1, accuracy: 1 });

    const { entities, tokens, attention } = await tagger.tag('Ann  Lee lives in\nYork ', { attention: true });
    expect(tokens).toEqual(['Ann', 'Lee', 'lives', 'in', 'York']);
    expect(entities).toEqual([
      { type: 'person', start: 0, end: 2, text: 'Ann  Lee', characters: [0, 8] },
      { type: 'place', start: 4, end: 5, text: 'York', characters: [18, 22] },
    ]);
    expect(attention!.map(({ name }) => name)).toEqual([
      ...['Ann', 'Lee', 'lives', 'in', 'York'].map((token) => `characters of ${token}`),
      'tokens, mean of 2 heads',
    ]);
    expect(attention![0]).toMatchObject({ rows: ['Ann'], columns: ['A', 'n', 'n'] });
    for (const { weights } of attention!) {
      for (const row of weights) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    }
  });

  it('gives labels in which every I goes on with an entity of its type, also untrained', async () => {
    const tagger = await trained();
    const texts = ['a b c d e f g', 'York Tom in', 'Lee Lee Lee Lee'];
    const followed = (await tagger.tag(texts)).flatMap(({ labels }) =>
      labels.map((label, i) => [label, labels[i - 1]?.slice(2)] as const),
    );
    for (const [, before] of followed.filter(([label]) => label === 'I-person')) expect(before).toBe('person');
    for (const [, before] of followed.filter(([label]) => label === 'I-place')) expect(before).toBe('place');
    expect(followed).toHaveLength(14);
  });

  it('gives several sentences in their order, the same as one by one', async () => {
    const tagger = await trained();
    const texts = ['Tom', 'nobody lives in New York', 'Ann met Tom'];
    const together = await tagger.tag(texts, { batchSize: 2 });
    for (const [i, text] of texts.entries()) expect(await tagger.tag(text)).toEqual(together[i]);
    const ofTokens = await tagger.tag(texts.map((text) => text.split(' ')));
    expect(ofTokens.map(({ labels }) => labels)).toEqual(together.map(({ labels }) => labels));
  });

  it('measures on validation sentences after every epoch', async () => {
    const history = await create().fit(sentences, { epochs: 2, batchSize: 2, validation: sentences.slice(0, 2) });
    expect(history.evaluations.map(({ metrics }) => Object.keys(metrics))).toEqual([
      ['precision', 'recall', 'f1'],
      ['precision', 'recall', 'f1'],
    ]);
  });

  it('is saved and loaded', async () => {
    const tagger = await trained({ heads: 0 });
    const folder = memoryFolder();
    await tagger.save(folder);
    const loaded = await TokenTagger.load(folder);
    made.push(loaded);
    expect(loaded.config).toEqual(tagger.config);
    expect(loaded.labels).toEqual(tagger.labels);
    expect(await weightsOf(loaded)).toEqual(await weightsOf(tagger));
    expect(await loaded.tag('Ann met Bob')).toEqual(await tagger.tag('Ann met Bob'));
  });

  it('ends with the same weights, bit for bit, when it was interrupted and resumed', async () => {
    const whole = await trained();
    const folder = memoryFolder();
    const controller = new AbortController();
    const interrupted = await create().fit(sentences, {
      ...quick,
      checkpoints: folder,
      signal: controller.signal,
      onEvent: (event) => event.type === 'step' && event.step === 5 && controller.abort(),
    });
    expect(interrupted).toMatchObject({ reason: 'aborted', steps: 5 });
    const resumed = create();
    const history = await resumed.fit(sentences, { ...quick, checkpoints: folder });
    expect(history.losses.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await weightsOf(resumed)).toEqual(await weightsOf(whole));
  });

  it('frees every tensor', async () => {
    const run = async () => {
      const tagger = create();
      await tagger.fit(sentences, { ...quick, steps: 2 });
      await tagger.tag('Tom in York', { attention: true });
      tagger.dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('TokenTagger, given something bad', () => {
  const tagger = new TokenTagger(config);
  beforeAll(() => tagger.fit(sentences, quick));
  afterAll(() => tagger.dispose());

  it.each([
    ['an empty text', '', 'TokenTagger.tag: a sentence must have a token, got none in sentence 0'],
    ['white space', ' \n\t', 'a sentence must have a token, got none in sentence 0'],
    [
      'an over-long text',
      'a '.repeat(257),
      "a sentence must have at most maximumTokens=256 tokens, or truncation be 'end', got 257 in sentence 0",
    ],
  ])('says what is wrong with %s', async (_, text, message) => {
    await expect(tagger.tag(text)).rejects.toThrow(message);
  });

  it('cuts an over-long text where it is asked to, and says what is left out', async () => {
    const short = create({ maximumTokens: 3 });
    await short.fit(sentences, { ...quick, truncation: 'end' });
    expect(await short.tag('a b c d e', { truncation: 'end' })).toMatchObject({
      tokens: ['a', 'b', 'c'],
      truncated: 2,
    });
    const { f1, accuracy } = await short.evaluate([tagged('a b c d York/B-place')], { truncation: 'end' });
    expect([f1, accuracy].every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['an unknown word', 'Zanzibar'],
    ['an emoji', '🙂 👩‍👩‍👧 lives'],
    ['right-to-left text', 'שלום עולם'],
    ['the name of a property', '__proto__ constructor'],
    ['punctuation alone', '--- "" ,'],
    ['a token of a megabyte', 'a'.repeat(1e6)],
  ])('labels %s', async (_, text) => {
    const { tokens, labels } = await tagger.tag(text);
    expect(labels).toHaveLength(tokens.length);
  });

  it('reads a megabyte of text where truncation is asked for', async () => {
    expect(await tagger.tag('York '.repeat(2e5), { truncation: 'end' })).toMatchObject({ truncated: 2e5 - 256 });
  });

  it('refuses labels that it did not learn, or that are no BIO', async () => {
    await expect(tagger.fit([tagged('Hull/B-city')], quick)).rejects.toThrow(
      'TokenTagger.fit: sentence 0: a label must be one of ["B-person","B-place","I-person","I-place","O"], got "B-city" at 0',
    );
    await expect(create().fit([tagged('Hull/city')], quick)).rejects.toThrow(
      'a label must be O, B-type or I-type, got "city"',
    );
    await expect(create().fit([tagged('in Hull/I-place')], quick)).rejects.toThrow(
      'TokenTagger.fit: I-place must follow B-place or I-place, got it after O in sentence 0',
    );
    await expect(create().fit([{ tokens: ['Hull'], labels: [] }], quick)).rejects.toThrow(
      'a sentence must have one label for each token, got 0 labels and 1 tokens in sentence 0',
    );
  });

  it('refuses empty tokens, no sentences, and a bad config', async () => {
    await expect(create().fit([])).rejects.toThrow('TokenTagger.fit: at least one sentence is needed, got none');
    await expect(create().fit([{ tokens: ['a', ''], labels: ['O', 'O'] }])).rejects.toThrow(
      'a token must not be empty, got "" as token 1 of sentence 0',
    );
    await expect(create().tag('a')).rejects.toThrow('got a TokenTagger that was not trained');
    expect(() => create({ maximumTokens: 0 })).toThrow('TokenTagger: maximumTokens: ');
    expect(() => create({ architecture: 'lstm' as 'bilstm-crf' })).toThrow('TokenTagger: architecture: ');
    expect(() => create({ hiddenWidth: 15 })).toThrow('TokenTagger: hiddenWidth: must be even');
    await expect(create().tag(null as unknown as string)).rejects.toThrow('TokenTagger');
  });
});
