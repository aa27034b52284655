import { readFileSync } from 'node:fs';
import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { publishedBertConfig } from '../../models/bert/bert.names.ts';
import { publish, tinyBert, wordPieceTokenizer } from '../published-bert.test-support.ts';
import type { PretrainedClassifierOptions, TextClassifierOptions } from './text-classifier-config.ts';
import { TextClassifier } from './text-classifier.ts';

const published = await publish();
const opened: TextClassifier[] = [];
afterEach(() => opened.splice(0).forEach((classifier) => classifier.dispose()));
const kept = (classifier: TextClassifier) => {
  opened.push(classifier);
  return classifier;
};
const open = async (options: PretrainedClassifierOptions = {}, folder?: Folder) =>
  kept(await TextClassifier.fromPretrained(folder ?? (await publish()), { labels: ['cat', 'dog'], ...options }));

// a word decides
const ANIMALS = [
  { text: 'the cat sat', label: 'cat' },
  { text: 'a cat', label: 'cat' },
  { text: 'cats sat', label: 'cat' },
  { text: 'the dog sat', label: 'dog' },
  { text: 'a dog', label: 'dog' },
  { text: 'dogs', label: 'dog' },
];
const FIT = { epochs: 30, batchSize: 3, buckets: 1, learningRate: 0.02 };

const untrained = () => new TextClassifier({ architecture: 'bag-of-words', labels: ['cat', 'dog'] });
describe.each([
  ['bert', () => TextClassifier.fromPretrained(published, { labels: ['cat', 'dog'] })],
  [
    'bert with additions',
    () => TextClassifier.fromPretrained(published, { labels: ['cat', 'dog'], lora: { rank: 2 } }),
  ],
  ['han', () => new TextClassifier({ architecture: 'han', labels: ['cat', 'dog'], dropout: 0.1, seed: 2 })],
  ['bag-of-words', untrained],
] as const)('architecture %s', (architecture, create) => {
  describeTaskContract('TextClassifier', {
    create: () => create(),
    untrained,
    load: (folder) => TextClassifier.load(folder),
    folder: memoryFolder,
    fit: (classifier, options) => classifier.fit(ANIMALS, { batchSize: 2, ...options }),
    fitBadly: (classifier) => classifier.fit([...ANIMALS, { text: ' ', label: 'cat' }]),
    inputs: ['a cat', 'the dogs sat', 'the cat', 'dog', 'a'],
    predict: (classifier, texts, options) => classifier.predict(texts, options),
    outcome: ({ label, probabilities }) => ({ exact: label, numbers: Object.values(probabilities) }),
    merged: architecture === 'bert with additions',
  });
});

describe('TextClassifier on published weights', () => {
  it.each<[PretrainedClassifierOptions, number]>([
    [{ pooling: 'mean' }, 30],
    [{ pooling: 'cls' }, 30],
    [{ lora: { rank: 4, targets: /./ } }, 100], // the embeddings, which tell little yet, stay
  ])('learns to tell texts apart with %j', async (options, epochs) => {
    const classifier = await open(options);
    const history = await classifier.fit(ANIMALS, { ...FIT, epochs, validation: ANIMALS });
    expect(history).toMatchObject({ reason: 'finished', steps: 2 * epochs });
    expect(history.evaluations.at(-1)!.metrics.accuracy).toBe(1);
    const { accuracy, loss, predictions } = await classifier.evaluate(ANIMALS);
    expect(accuracy).toBe(1);
    expect(loss).toBeLessThan(0.3);
    for (const { probability, probabilities, label } of predictions) {
      expect(probability).toBe(probabilities[label]);
      expect(probabilities.cat + probabilities.dog).toBeCloseTo(1, 6);
    }
  });

  it('classifies the mean where the files ask for it, the first token where they say nothing, unless told otherwise', async () => {
    const silent = await publish();
    await silent.remove('1_Pooling/config.json');
    expect((await open()).config).toMatchObject({ pooling: 'mean' });
    expect((await open({}, silent)).config).toMatchObject({ pooling: 'cls' });
    expect((await open({ pooling: 'cls' })).config).toMatchObject({ pooling: 'cls' });
  });

  it('trains additions and last layer alone, and saves them merged: what is loaded tells the same to 1e-5', async () => {
    const classifier = await open({ lora: { rank: 2 }, pooling: 'cls' });
    // 2 layers with query and value, rank 2, from 8 to 8; the last layer from 8 to 2
    expect(classifier.trainableParameterCount).toBe(2 * 2 * 2 * (8 + 8) + (8 * 2 + 2));
    await classifier.fit(ANIMALS, { ...FIT, epochs: 5 });
    const apart = await classifier.predict('the cats sat');
    const folder = memoryFolder();
    await classifier.save(folder);
    const loaded = kept(await TextClassifier.load(folder));
    expect(loaded.lora).toBeUndefined();
    const merged = await loaded.predict('the cats sat');
    expect(Math.abs(merged.probabilities.cat - apart.probabilities.cat)).toBeLessThan(1e-5);
    // saving takes the additions out of the weights again
    expect(classifier.lora!.merged).toBe(false);
    expect((await classifier.predict('the cats sat')).probabilities.cat).toBeCloseTo(apart.probabilities.cat, 5);
  });

  it.each(['cls', 'mean'] as const)('is saved and loaded with pooling %s, labels and length', async (pooling) => {
    const classifier = await open({ pooling, maximumTokens: 5, seed: 4 });
    await classifier.fit(ANIMALS, { ...FIT, epochs: 2 });
    const folder = memoryFolder();
    await classifier.save(folder);
    const loaded = kept(await TextClassifier.load(folder));
    expect(loaded.config).toEqual(classifier.config);
    expect((await loaded.predict('a cat')).probabilities).toEqual((await classifier.predict('a cat')).probabilities);
  });

  it('measures validation texts after every epoch, and ends where they are told no better any more', async () => {
    const classifier = await open({ pooling: 'mean' });
    const history = await classifier.fit(ANIMALS, { ...FIT, validation: ANIMALS, patience: 3 });
    expect(history.reason).toBe('stopped-early');
    const accuracies = history.evaluations.map(({ metrics }) => metrics.accuracy);
    expect(accuracies.length).toBe(accuracies.indexOf(Math.max(...accuracies)) + 4);
    // the weights are those of the best evaluation
    expect((await classifier.evaluate(ANIMALS)).loss).toBeCloseTo(history.best!.metrics.loss, 6);
  });

  it('shows what each token looked at, layer by layer, without the padding', async () => {
    const classifier = await open();
    const [short] = await classifier.predict(['a dog', 'the cats sat'], { attention: true });
    expect(short.tokens).toEqual(['[CLS]', 'a', 'dog', '[SEP]']);
    expect(short.attention!.map(({ name }) => name)).toEqual(['layer 1, mean of 2 heads', 'layer 2, mean of 2 heads']);
    for (const { rows, columns, weights } of short.attention!) {
      expect([rows, columns]).toEqual([short.tokens, short.tokens]);
      for (const row of weights) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    }
    expect(short.heads).toBeUndefined();
    expect((await classifier.predict('a dog')).attention).toBeUndefined();
    const { heads, attention } = await classifier.predict('a dog', { attention: 'heads' });
    expect(heads![1].map(({ name }) => name)).toEqual(['layer 2, head 0', 'layer 2, head 1']);
    const [first, second] = heads![1].map(({ weights }) => weights[0][1]);
    expect((first + second) / 2).toBeCloseTo(attention![1].weights[0][1], 6);
  });

  it('goes on from a checkpoint as if it had not been interrupted', async () => {
    const whole = await open({ lora: { rank: 2 } });
    await whole.fit(ANIMALS, { ...FIT, epochs: 6 });
    const [first, second] = [await open({ lora: { rank: 2 } }), await open({ lora: { rank: 2 } })];
    const checkpoints = memoryFolder();
    const controller = new AbortController();
    const onEvent = ({ type, step }: { type: string; step?: number }) => {
      if (type === 'step' && step === 5) controller.abort();
    };
    const options = { ...FIT, epochs: 6, checkpoints };
    expect(await first.fit(ANIMALS, { ...options, signal: controller.signal, onEvent })).toMatchObject({
      reason: 'aborted',
      steps: 5,
    });
    expect(await second.fit(ANIMALS, options)).toMatchObject({ reason: 'finished', steps: 12 });
    expect((await second.predict('a cat')).probabilities).toEqual((await whole.predict('a cat')).probabilities);
  });

  it('frees every tensor', async () => {
    const folder = await publish();
    const run = async () => {
      const classifier = await TextClassifier.fromPretrained(folder, { labels: ['cat', 'dog'], lora: { rank: 2 } });
      await classifier.fit(ANIMALS, { ...FIT, epochs: 1 });
      await classifier.predict(['a cat', 'the dogs'], { attention: 'heads' });
      await classifier.save(memoryFolder());
      classifier.dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses texts without words, too long ones unless they may be cut, and labels that it does not have', async () => {
    const classifier = await open();
    for (const empty of ['', ' \n\t', '\u0000']) {
      await expect(classifier.predict(['a cat', empty])).rejects.toThrow(
        `TextClassifier.predict: a text must not be empty, got ${JSON.stringify(empty)} at 1`,
      );
    }
    const long = 'the cats sat a dog';
    await expect(classifier.predict(long)).rejects.toThrow(
      "TextClassifier.predict: a text must have at most 6 tokens, or truncation be 'end' or 'middle', got 8 in \"the cats sat a dog\"… at 0",
    );
    await expect(classifier.fit([{ text: long, label: 'cat' }])).rejects.toThrow(
      'TextClassifier.fit: a text must have',
    );
    const cut = await classifier.predict(long, { truncation: 'end' });
    expect(cut).toMatchObject({ tokens: ['[CLS]', 'the', 'cat', '##s', 'sat', '[SEP]'], truncated: 2 });
    const ends = await classifier.predict(long, { truncation: 'middle' });
    expect(ends).toMatchObject({ tokens: ['[CLS]', 'the', 'cat', 'a', 'dog', '[SEP]'], truncated: 2 });
    expect(cut.probabilities).toEqual((await classifier.predict('the cats sat')).probabilities);
    for (const method of ['fit', 'evaluate'] as const) {
      await expect(classifier[method]([...ANIMALS, { text: 'a', label: 'bird' }])).rejects.toThrow(
        `TextClassifier.${method}: a label must be one of ["cat","dog"], got "bird" at 6`,
      );
    }
    await expect(classifier.fit([])).rejects.toThrow('TextClassifier.fit: at least one text is needed, got none');
    await expect(classifier.predict('a', { batchSize: 0 })).rejects.toThrow('got 0');
    await expect(classifier.fit(ANIMALS, { batchSize: 1.5 })).rejects.toThrow('got 1.5');
  });

  it.each([
    ['emoji', '👩‍👩‍👧 🐈‍⬛ the cat 🇺🇳'],
    ['right-to-left text', 'הכלב ישב על המחצלת — القطة'],
    ['half of a surrogate pair', 'a cat \ud83d'],
    ['a megabyte of words', 'the cats sat '.repeat(80_000)],
    ['a megabyte without a space', 'x'.repeat(1_000_000)],
  ])('reads %s', async (_, text) => {
    const { probability, tokens } = await (await open()).predict(text, { truncation: 'end' });
    expect(probability).toBeGreaterThanOrEqual(0.5);
    expect(tokens.length).toBeLessThanOrEqual(6);
  });

  it.each<[PretrainedClassifierOptions, string]>([
    [{ labels: ['cat'] }, 'TextClassifier: labels: '],
    [{ labels: ['cat', 'cat'] }, 'TextClassifier: labels: must differ, got ["cat","cat"]'],
    [{ maximumTokens: 9 }, "maximumTokens must be an integer from 3 to the model's 8, got 9"],
    [{ lora: { rank: 0 } }, 'applyLora: rank must be a positive integer, got 0'],
    [{ lora: { targets: /nothing/ } }, 'applyLora: targets /nothing/ must fit a linear layer'],
  ])('refuses the options %j', async (options, message) => {
    const tensors = tf.memory().numTensors;
    await expect(open(options)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('must be given labels where the files have none', async () => {
    await expect(TextClassifier.fromPretrained(await publish())).rejects.toThrow(
      'TextClassifier.fromPretrained: labels must be given where the files name none, got neither in published',
    );
  });
});

describe("TextClassifier against transformers' BertForSequenceClassification", () => {
  // made by tooling/golden/nlp-bert-classifier.py
  const golden = () =>
    readSafetensors(readFileSync(new URL('text-classifier.golden.safetensors', import.meta.url))).tensors();
  const publishGolden = async (change: Record<string, unknown> = {}) => {
    const folder = memoryFolder('golden');
    const tensors = golden();
    const weights = Object.entries(tensors).filter(([name]) => name.startsWith('weights/'));
    const plain = Object.fromEntries(weights.map(([name, tensor]) => [name.slice('weights/'.length), tensor]));
    await folder.write('model.safetensors', await writeSafetensors(plain));
    tf.dispose(tensors);
    const config = { ...publishedBertConfig(tinyBert), id2label: { 0: 'cat', 1: 'dog', 2: 'none' }, ...change };
    for (const [name, content] of Object.entries({ 'config.json': config, 'tokenizer.json': wordPieceTokenizer })) {
      await folder.write(name, new TextEncoder().encode(JSON.stringify(content)));
    }
    return folder;
  };

  it('tells the same probabilities with its weights, labels and last layer', async () => {
    const classifier = kept(await TextClassifier.fromPretrained(await publishGolden()));
    expect(classifier.config.labels).toEqual(['cat', 'dog', 'none']);
    const told = await classifier.predict(['the cats sat', 'a dog']);
    const ours = tf.tensor2d(told.map(({ probabilities }) => Object.values(probabilities)));
    // 1e-4 was asked for; what is there is the rounding of sums in another order
    expect(ours).toBeAllClose(golden().probabilities, { absolute: 1e-6, relative: 1e-5 });
  });

  it('is saved under the names and with the fields that transformers reads', async () => {
    const published = await publishGolden();
    const classifier = kept(await TextClassifier.fromPretrained(published));
    const folder = memoryFolder();
    await classifier.save(folder);
    const saved = readSafetensors(await folder.read('model.safetensors'));
    const given = readSafetensors(await published.read('model.safetensors'));
    expect([...saved.entries.keys()].toSorted()).toEqual([...given.entries.keys()].toSorted());
    const config = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as object;
    expect(config).toMatchObject({
      architectures: ['BertForSequenceClassification'],
      model_type: 'bert',
      id2label: { 0: 'cat', 1: 'dog', 2: 'none' },
      label2id: { cat: 0, dog: 1, none: 2 },
    });
  });

  it('gets a new last layer where labels are given, and refuses one that tells several labels at once', async () => {
    const options = { labels: ['a', 'b'] };
    const classifier = kept(await TextClassifier.fromPretrained(await publishGolden(), options));
    expect(Object.keys((await classifier.predict('a cat')).probabilities)).toEqual(['a', 'b']);
    const several = await publishGolden({ problem_type: 'multi_label_classification' });
    await expect(TextClassifier.fromPretrained(several)).rejects.toThrow(
      'TextClassifier.fromPretrained: problem_type: ',
    );
  });
});

describe('TextClassifier on a published classifier', () => {
  /** A classifier of two labels as transformers write it: without `id2label`, which says no more than the default. */
  const publishTwo = async (change: object = {}) => {
    const trained = await open();
    await trained.fit(ANIMALS, FIT);
    const folder = memoryFolder('two labels');
    await trained.save(folder);
    const {
      id2label: _,
      label2id: __,
      format: ___,
      ...config
    } = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as Record<string, unknown>;
    const changed = { ...config, architectures: ['BertForSequenceClassification'], ...change };
    await folder.write('config.json', new TextEncoder().encode(JSON.stringify(changed)));
    return { folder, trained };
  };

  it('keeps the last layer of two labels that have no names, and names them where names are given', async () => {
    const { folder, trained } = await publishTwo();
    const { probability, label } = await trained.predict('the cat sat');
    expect(label).toBe('cat');
    const nameless = kept(await TextClassifier.fromPretrained(folder));
    expect(await nameless.predict('the cat sat')).toMatchObject({ label: 'LABEL_0', probability });
    const named = kept(await TextClassifier.fromPretrained(folder, { labels: ['feline', 'canine'] }));
    expect(await named.predict('the cat sat')).toMatchObject({ label: 'feline', probability });
    const three = kept(await TextClassifier.fromPretrained(folder, { labels: ['a', 'b', 'c'] }));
    expect(three.model.head.parameterCount()).toBe(8 * 3 + 3);
  });

  it('drops what its files say: classifier_dropout, or else as the rest of the model', async () => {
    const { folder } = await publishTwo({ classifier_dropout: 0.3 });
    expect(kept(await TextClassifier.fromPretrained(folder)).config.dropout).toBe(0.3);
    expect((await open()).config.dropout).toBe(0.1);
  });

  it.each([null, 7])('refuses %j for a text', async (text) => {
    await expect((await open()).predict(['a cat', text as unknown as string])).rejects.toThrow(
      `TextClassifier.predict: a text must be a string, got ${text} at 1`,
    );
  });
});

describe('TextClassifier from scratch', () => {
  const create = (change: Partial<Extract<TextClassifierOptions, { architecture: 'bag-of-words' }>> = {}) =>
    kept(new TextClassifier({ architecture: 'bag-of-words', labels: ['cat', 'dog'], seed: 3, ...change }));

  it('is a logistic regression on the words of a text, without their order', async () => {
    const classifier = create();
    await classifier.fit(ANIMALS, { epochs: 60, batchSize: 6, learningRate: 0.1, weightDecay: 0 });
    expect(classifier.parameterCount).toBe(2 * 7 + 2); // the cat sat a cats dog dogs
    expect((await classifier.evaluate(ANIMALS)).accuracy).toBe(1);
    const [one, other, unknown] = await classifier.predict(['the cat sat', 'sat cat THE the', 'unheard-of']);
    expect(one.label).toBe('cat');
    expect(other.probabilities).toEqual(one.probabilities);
    expect(Object.values(unknown.probabilities).every((p) => p > 0)).toBe(true);
  });

  it('tells apart by pairs of words what words alone cannot', async () => {
    const order = [
      { text: 'dog bites man', label: 'dog' },
      { text: 'man bites dog', label: 'cat' },
    ];
    const [words, pairs] = [create(), create({ phraseLength: 2 })];
    for (const classifier of [words, pairs]) await classifier.fit(order, { epochs: 60, learningRate: 0.1 });
    expect((await words.evaluate(order)).accuracy).toBe(0.5);
    expect((await pairs.evaluate(order)).accuracy).toBe(1);
  });

  it('knows the most frequent words alone where there is no room for more', async () => {
    const classifier = create({ vocabularySize: 2 });
    await classifier.fit(ANIMALS, { epochs: 1 });
    expect(classifier.parameterCount).toBe(2 * 2 + 2);
  });

  it('is saved and loaded', async () => {
    const classifier = create();
    await classifier.fit(ANIMALS, { epochs: 3, learningRate: 0.1 });
    const folder = memoryFolder();
    await classifier.save(folder);
    const loaded = kept(await TextClassifier.load(folder));
    expect(loaded.config).toEqual(classifier.config);
    expect(await loaded.predict('the cat')).toEqual(await classifier.predict('the cat'));
  });

  it('says what is missing before it is trained', async () => {
    await expect(create().predict('a')).rejects.toThrow(
      'TextClassifier.predict: must come after fit() or load(), got a TextClassifier that was not trained',
    );
    expect(() => create({ phraseLength: 0 })).toThrow('TextClassifier: phraseLength: ');
  });
});
