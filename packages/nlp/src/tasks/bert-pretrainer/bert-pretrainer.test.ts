import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TokenizerJson } from '@heed/tasks';
import { TextClassifier } from '../text-classifier/text-classifier.ts';
import type { BertPretrainerConfig, FilledText } from './bert-pretrainer-config.ts';
import { BertPretrainer } from './bert-pretrainer.ts';

const config: Partial<BertPretrainerConfig> = {
  vocabularySize: 80,
  width: 64,
  layers: 1,
  heads: 2,
  maximumTokens: 32,
  dropout: 0,
  seed: 7,
};
const documents = [
  'The cat sat on the mat. The cat ran to the door. The cat sat on the mat. The cat ran to the door.',
  'A sun was in the sky. A moon was in the sea. A sun was in the sky. A moon was in the sea.',
];
const fit = { steps: 400, batchSize: 8, learningRate: 0.003 };

describeTaskContract('BertPretrainer', {
  create: () => new BertPretrainer({ ...config, width: 8, dropout: 0.1 }),
  untrained: () => new BertPretrainer(config),
  load: (folder) => BertPretrainer.load(folder),
  folder: memoryFolder,
  fit: (pretrainer, options) => pretrainer.fit(documents, { batchSize: 2, ...options }),
  fitBadly: (pretrainer) => pretrainer.fit([...documents, null as unknown as string]),
  inputs: ['The [MASK] sat on the mat.', '[MASK]', 'A [MASK] was in the [MASK]. The cat [MASK] on the mat.'],
  predict: (pretrainer, texts, options) => pretrainer.fill(texts, options),
  outcome: ({ tokens, masks }) => ({ exact: tokens, numbers: masks.flat().map(({ probability }) => probability) }),
});

describe('BertPretrainer', () => {
  const pretrainer = new BertPretrainer(config);
  const folder = memoryFolder();
  beforeAll(async () => {
    await pretrainer.fit(documents, fit);
    await pretrainer.save(folder);
  }, 120_000);
  afterAll(() => pretrainer.dispose());

  it('fills in masks from what stands before and behind them', async () => {
    const { text, masks, tokens } = await pretrainer.fill('The [MASK] sat on the mat. The [MASK] ran to the door.');
    expect(text).toBe('the cat sat on the mat. the cat ran to the door.');
    expect(masks.map(([best]) => best.token)).toEqual(['cat', 'cat']);
    for (const candidates of masks) {
      expect(candidates).toHaveLength(5);
      const probabilities = candidates.map(({ probability }) => probability);
      expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
    }
    expect(tokens.filter((token) => token === '[MASK]')).toHaveLength(2);
    // what stands behind alone tells these apart
    expect((await pretrainer.fill('[MASK] cat sat on the mat.')).text).toBe('the cat sat on the mat.');
    expect((await pretrainer.fill('[MASK] sun was in the sky.')).text).toBe('a sun was in the sky.');
  });

  it('gives what each token looked at, layer by layer', async () => {
    const { tokens, attention } = await pretrainer.fill('A [MASK] was in the sky.', { attention: true });
    expect(attention!.map(({ name, rows, columns }) => [name, rows, columns])).toEqual([
      ['layer 1, mean of 2 heads', tokens, tokens],
    ]);
  });

  it('tells masked tokens and next sentences of what it knows, and the same in every call', async () => {
    const { tokenAccuracy, nextSentenceAccuracy, tokens } = await pretrainer.evaluate(documents, { batchSize: 4 });
    expect(tokenAccuracy).toBeGreaterThan(0.5); // the commonest word is one in seven
    expect(nextSentenceAccuracy).toBe(1);
    expect(await pretrainer.evaluate(documents, { batchSize: 4 })).toMatchObject({ tokenAccuracy, tokens });
  });

  it('is the same again from what it saved', async () => {
    const loaded = await BertPretrainer.load(folder);
    const opened = await BertPretrainer.fromPretrained(folder, { seed: 7 });
    expect(loaded.config).toEqual(pretrainer.config);
    expect(opened.config).toEqual({ ...pretrainer.config, vocabularySize: pretrainer.tokenizer.size });
    const [text, options] = ['A [MASK] was in the sky.', { candidates: 3 }];
    for (const again of [loaded, opened]) {
      expect(await again.fill(text, options)).toEqual(await pretrainer.fill(text, options));
      again.dispose();
    }
  });

  it('opens a last matrix of its own and keeps it; where the file has none, it says so', async () => {
    const untied = memoryFolder('untied');
    for (const name of await folder.list()) await untied.write(name, await folder.read(name));
    const published = JSON.parse(new TextDecoder().decode(await folder.read('config.json'))) as object;
    const changed = JSON.stringify({ ...published, tie_word_embeddings: false });
    await untied.write('config.json', new TextEncoder().encode(changed));
    await expect(BertPretrainer.fromPretrained(untied)).rejects.toThrow(
      'missing: cls.predictions.decoder.weight, cls.predictions.decoder.bias',
    );
    const tensors = readSafetensors(await folder.read('model.safetensors')).tensors();
    const table = tensors['bert.embeddings.word_embeddings.weight'];
    const head = {
      'cls.predictions.decoder.weight': tf.neg(table), // the likeliest becomes the least likely
      'cls.predictions.decoder.bias': tf.neg(tensors['cls.predictions.bias']),
    };
    await untied.write('model.safetensors', await writeSafetensors({ ...tensors, ...head }));
    const opened = await BertPretrainer.fromPretrained(untied);
    const [text, all] = ['The [MASK] sat on the mat.', { candidates: pretrainer.tokenizer.size }];
    const probability = ({ masks }: { readonly masks: FilledText['masks'] }, token: string) =>
      masks[0].find((candidate) => candidate.token === token)!.probability;
    const likeliest = (await pretrainer.fill(text)).masks[0][0].token;
    expect((await opened.fill(text, all)).masks[0].at(-1)!.token).toBe(likeliest);
    const again = memoryFolder();
    await opened.save(again);
    const loaded = await BertPretrainer.load(again);
    expect(probability(await loaded.fill(text, all), likeliest)).toBe(
      probability(await opened.fill(text, all), likeliest),
    );
  });

  it('saves what a classifier begins from', async () => {
    const classifier = await TextClassifier.fromPretrained(folder, { labels: ['cat', 'sky'] });
    const examples = [
      { text: 'The cat sat on the mat.', label: 'cat' },
      { text: 'A moon was in the sky.', label: 'sky' },
    ];
    await classifier.fit(examples, { steps: 40, learningRate: 0.003 });
    expect((await classifier.predict('The cat ran to the door.')).label).toBe('cat');
    classifier.dispose();
  });

  it('goes on from a checkpoint as if nothing had happened', async () => {
    const few = { ...fit, steps: 6, tokenizer: pretrainer.tokenizer.json };
    const whole = new BertPretrainer({ ...config, dropout: 0.1 });
    const { losses } = await whole.fit(documents, few);
    const checkpoints = memoryFolder();
    const controller = new AbortController();
    const interrupted = new BertPretrainer({ ...config, dropout: 0.1 });
    await interrupted.fit(documents, {
      ...few,
      checkpoints,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'step' && event.step === 3) controller.abort();
      },
    });
    const resumed = new BertPretrainer({ ...config, dropout: 0.1 });
    const rest = await resumed.fit(documents, { ...few, checkpoints });
    expect(rest.losses).toEqual(losses);
    for (const each of [whole, interrupted, resumed]) each.dispose();
  });

  it('learns the next token where it is causal, and then fills no masks', async () => {
    const causal = new BertPretrainer({ ...config, causal: true });
    await causal.fit(documents, { ...fit, steps: 60, tokenizer: pretrainer.tokenizer.json });
    const { tokenAccuracy, nextSentenceAccuracy } = await causal.evaluate(documents);
    expect(tokenAccuracy).toBeGreaterThan(0.5);
    expect(nextSentenceAccuracy).toBeNaN();
    await expect(causal.fill('The [MASK].')).rejects.toThrow('the encoder must read from both sides, got a causal one');
    causal.dispose();
  });

  it('refuses texts that it cannot fill', async () => {
    await expect(pretrainer.fill('The cat.')).rejects.toThrow(
      'BertPretrainer.fill: a text must have a [MASK], got "The cat."',
    );
    await expect(pretrainer.fill(`[MASK]${' cat'.repeat(40)}`)).rejects.toThrow(
      'BertPretrainer.fill: a text must be of at most maximumTokens=32 tokens, two special ones included, got 43',
    );
    await expect(new BertPretrainer().fill('[MASK]')).rejects.toThrow('got a BertPretrainer that was not trained');
  });

  it.each([
    [{ width: 30 }, 'BertPretrainer: width: must be a multiple of heads, got 30'],
    [{ maximumTokens: 4 }, 'BertPretrainer: maximumTokens: '],
    [{ dropout: 1 }, 'BertPretrainer: dropout: '],
    [{ depth: 2 }, 'BertPretrainer: config: '],
  ])('refuses the config %j', (change, message) => {
    expect(() => new BertPretrainer(change as Partial<BertPretrainerConfig>)).toThrow(message);
  });

  it('refuses documents that make no pairs, and word pieces without masks', async () => {
    const one = new BertPretrainer(config);
    await expect(one.fit(documents.slice(0, 1), fit)).rejects.toThrow(
      'SegmentPairs: there must be two documents of at least two sentences, got 1',
    );
    one.dispose();
    const { json } = pretrainer.tokenizer;
    const { '[MASK]': _, ...vocab } = json.model.vocab;
    const tokenizer: TokenizerJson = {
      ...json,
      added_tokens: json.added_tokens.filter(({ content }) => content !== '[MASK]'),
      model: { ...json.model, vocab },
    };
    await expect(new BertPretrainer(config).fit(documents, { ...fit, tokenizer })).rejects.toThrow(
      'there must be a token "[MASK]", got none',
    );
  });
});
