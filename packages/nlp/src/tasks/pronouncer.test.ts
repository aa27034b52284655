import { memoryFolder, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import type { LexiconEntry } from '../datasets/lexicon.ts';
import { Pronouncer, type PronouncerConfig, type PronouncerFitOptions } from './pronouncer.ts';

const config: Partial<PronouncerConfig> = { embeddingWidth: 8, hiddenWidth: 16, dropout: 0.1, seed: 7 };

// Each letter has its phoneme, but a doubled one is spoken once: a rule that needs more than one letter.
const phonemeOf: Record<string, string> = { a: 'AA', b: 'B', e: 'EH', t: 'T' };
const words = ['ab', 'abba', 'bat', 'batt', 'beat', 'bet', 'eat', 'ebb', 'ta', 'tab', 'tee', 'teat', 'tatt', 'babe'];
const lexicon: LexiconEntry[] = words.map((word) => ({
  word,
  pronunciations: [[...word.replaceAll(/(.)\1/g, '$1')].map((letter) => phonemeOf[letter]).join(' ')],
}));
const quick: PronouncerFitOptions = { steps: 8, batchSize: 4 };

const made: Pronouncer[] = [];
const create = (change: Partial<PronouncerConfig> = {}) => {
  const pronouncer = new Pronouncer({ ...config, ...change });
  made.push(pronouncer);
  return pronouncer;
};
afterEach(() => made.splice(0).forEach((pronouncer) => pronouncer.dispose()));

const weightsOf = async (pronouncer: Pronouncer) => {
  const folder = memoryFolder();
  await pronouncer.save(folder);
  return folder.read('model.safetensors');
};

describe('Pronouncer', () => {
  it('learns to pronounce its words, and shows which letters it looked at', async () => {
    const pronouncer = create();
    const history = await pronouncer.fit(lexicon, {
      steps: 100,
      batchSize: 14,
      buckets: 1,
      learningRate: 0.03,
      labelSmoothing: 0,
    });
    expect(history).toMatchObject({ reason: 'finished', steps: 100 });
    const { phonemeErrorRate, wordErrorRate, byLength } = await pronouncer.evaluate(lexicon);
    expect({ phonemeErrorRate, wordErrorRate }).toEqual({ phonemeErrorRate: 0, wordErrorRate: 0 });
    expect(byLength.map(({ letters, words }) => [letters, words])).toEqual([[[1, 4], 14]]);

    const { phonemes, attention, alternatives } = await pronouncer.pronounce('BATT', { attention: true });
    expect(phonemes).toEqual(['B', 'AA', 'T']);
    expect(attention).toMatchObject({ name: 'BATT', rows: ['B', 'AA', 'T'], columns: ['b', 'a', 't', 't'] });
    for (const row of attention!.weights) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    expect(alternatives).toHaveLength(4);
  });

  it('gives several words in their order, the same as one by one', async () => {
    const pronouncer = create();
    await pronouncer.fit(lexicon, quick);
    const together = await pronouncer.pronounce(['tee', 'abba', 'e']);
    expect(together.map(({ word }) => word)).toEqual(['tee', 'abba', 'e']);
    for (const { word, phonemes } of together) expect((await pronouncer.pronounce(word)).phonemes).toEqual(phonemes);
  });

  it('counts a word as right if any of its pronunciations was given', async () => {
    const pronouncer = create();
    const both: LexiconEntry[] = [{ word: 'ta', pronunciations: ['T AA', 'T EH'] }];
    await pronouncer.fit(both, { steps: 60, learningRate: 0.02 });
    expect(await pronouncer.evaluate(both)).toMatchObject({ phonemeErrorRate: 0, wordErrorRate: 0 });
  });

  it('measures on validation words after every epoch, and stops where they do not improve', async () => {
    const pronouncer = create();
    const history = await pronouncer.fit(lexicon, {
      epochs: 6,
      learningRate: 1e-9,
      validation: lexicon.slice(0, 3),
      patience: 2,
    });
    expect(history.reason).toBe('stopped-early');
    expect(history.evaluations).toHaveLength(3);
    for (const { metrics } of history.evaluations) {
      expect(Object.keys(metrics)).toEqual(['phonemeErrorRate', 'wordErrorRate']);
    }
  });

  it('is saved and loaded', async () => {
    const pronouncer = create({ attention: 'luong-dot', cell: 'lstm' });
    await pronouncer.fit(lexicon, quick);
    const folder = memoryFolder();
    await pronouncer.save(folder);
    const loaded = await Pronouncer.load(folder);
    made.push(loaded);
    expect(loaded.config).toEqual(pronouncer.config);
    expect(await weightsOf(loaded)).toEqual(await weightsOf(pronouncer));
    expect(await loaded.pronounce('beta')).toEqual(await pronouncer.pronounce('beta'));
  });

  it('ends with the same weights, bit for bit, when it was interrupted and resumed', async () => {
    const whole = create();
    await whole.fit(lexicon, quick);

    const folder = memoryFolder();
    const controller = new AbortController();
    const interrupted = await create().fit(lexicon, {
      ...quick,
      checkpoints: folder,
      signal: controller.signal,
      onEvent: (event) => event.type === 'step' && event.step === 5 && controller.abort(),
    });
    expect(interrupted).toMatchObject({ reason: 'aborted', steps: 5 });
    const resumed = create();
    const history = await resumed.fit(lexicon, { ...quick, checkpoints: folder });
    expect(history.losses.map(({ step }) => step)).toEqual([6, 7, 8]);
    expect(await weightsOf(resumed)).toEqual(await weightsOf(whole));
  });

  it('frees every tensor', async () => {
    const run = async () => {
      const pronouncer = create();
      await pronouncer.fit(lexicon, { ...quick, steps: 2 });
      await pronouncer.pronounce('tab', { attention: true });
      pronouncer.dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('Pronouncer, given something bad', () => {
  const trained = async (change: Partial<PronouncerConfig> = {}) => {
    const pronouncer = create(change);
    await pronouncer.fit(lexicon, { ...quick, steps: 1 });
    return pronouncer;
  };

  it.each([
    ['an empty word', '', 'Pronouncer.pronounce: a word must not be empty, got ""'],
    ['an unknown letter', 'taxi', 'every letter must be known, got "x" at position 3 of "taxi"; known are a b e t'],
    ['a space', 'bat tab', 'got " " at position 4 of "bat tab"'],
    ['an emoji', 'be🙂', 'got "🙂" at position 3 of "be🙂"'],
    ['another script', 'בטא', 'got "ב" at position 1'],
    ['the name of a property', '__proto__', 'got "_" at position 1'],
    [
      'a long word',
      'a'.repeat(65),
      'a word must have at most maximumLetters=64 letters, got 65 in "aaaaaaaaaaaaaaaaaaaa…"',
    ],
    ['a megabyte', 'a'.repeat(1e6), 'got 1000000 in "aaaaaaaaaaaaaaaaaaaa…"'],
  ])('says what is wrong with %s', async (_, word, message) => {
    const pronouncer = await trained();
    await expect(pronouncer.pronounce(word)).rejects.toThrow(message);
  });

  it('refuses to work before it was trained', async () => {
    await expect(create().pronounce('tab')).rejects.toThrow('Pronouncer.pronounce: the pronouncer must be trained');
    await expect(create().save(memoryFolder())).rejects.toThrow('Pronouncer.save: the pronouncer must be trained');
  });

  it('refuses data without words or phonemes', async () => {
    await expect(create().fit([])).rejects.toThrow('Pronouncer.fit: at least one pronunciation is needed, got none');
    await expect(create().fit([{ word: 'ta', pronunciations: [' '] }])).rejects.toThrow(
      'Pronouncer: a pronunciation must not be empty, got one of "ta"',
    );
    await expect(create().fit([{ word: 'ta', pronunciations: ['T </s>'] }])).rejects.toThrow('"</s>" is reserved');
  });

  it('refuses symbols that it was not made for when it is trained further', async () => {
    const pronouncer = await trained();
    const before = await weightsOf(pronouncer);
    await expect(pronouncer.fit([{ word: 'tab', pronunciations: ['T AX B'] }])).rejects.toThrow(
      'Pronouncer.fit: every phoneme must be known, got "AX" at position 2 of "T AX B"; known are AA B EH T',
    );
    expect(await weightsOf(pronouncer)).toEqual(before);
  });

  it.each([
    [{ hiddenWidth: 15 }, 'hiddenWidth: must be even'],
    [{ seed: -1 }, 'seed'],
    [{ maximumLetters: 0 }, 'Pronouncer: maximumLetters must be a positive integer, got 0'],
  ])('refuses the config %j at once', (change, message) => {
    const tensors = tf.memory().numTensors;
    expect(() => new Pronouncer(change)).toThrow(message);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('refuses a checkpoint of another config or of other data, and leaves it as it was', async () => {
    const folder = memoryFolder();
    await create().fit(lexicon, { ...quick, checkpoints: folder });
    const content = async () => Promise.all((await folder.list()).map((name) => folder.read(name)));
    const before = await content();
    await expect(create({ hiddenWidth: 18 }).fit(lexicon, { ...quick, checkpoints: folder })).rejects.toThrow(
      'config.pronouncer.hiddenWidth was 16, is now 18',
    );
    await expect(create().fit(lexicon.slice(1), { ...quick, checkpoints: folder })).rejects.toThrow(
      'config.fit.data was "14 pairs',
    );
    expect(await content()).toEqual(before);
  });

  const saved = async (): Promise<Folder> => {
    const folder = memoryFolder('here');
    await (await trained()).save(folder);
    return folder;
  };
  const edit = async (folder: Folder, change: (config: Record<string, unknown>) => unknown) => {
    const text = new TextDecoder().decode(await folder.read('config.json'));
    const changed = JSON.stringify(change(JSON.parse(text) as Record<string, unknown>));
    await folder.write('config.json', new TextEncoder().encode(changed));
  };

  it('refuses to load what is missing or damaged', async () => {
    await expect(Pronouncer.load(memoryFolder())).rejects.toThrow('config.json');
    const truncated = await saved();
    await truncated.write('model.safetensors', (await truncated.read('model.safetensors')).subarray(0, 100));
    await expect(Pronouncer.load(truncated)).rejects.toThrow(/100/);
    const noJson = await saved();
    await noJson.write('config.json', new TextEncoder().encode('{'));
    await expect(Pronouncer.load(noJson)).rejects.toThrow('Pronouncer.load: config.json of here must be JSON');
  });

  it('refuses to load a config that does not fit', async () => {
    const other = await saved();
    await edit(other, (config) => ({ ...config, format: 'heed-translator' }));
    await expect(Pronouncer.load(other)).rejects.toThrow('Pronouncer.load: config.json of here: format: ');
    const wider = await saved();
    await edit(wider, (config) => ({ ...config, letters: [...(config.letters as string[]), 'x'] }));
    const tensors = tf.memory().numTensors;
    await expect(Pronouncer.load(wider)).rejects.toThrow(
      'Pronouncer.load: model.safetensors of here must be of the model in config.json: loadStateDict: sourceEmbedding.weight must be',
    );
    expect(tf.memory().numTensors).toBe(tensors);
    const unknown = await saved();
    await edit(unknown, (config) => ({ ...config, config: { ...(config.config as object), layers: 2 } }));
    await expect(Pronouncer.load(unknown)).rejects.toThrow('layers');
  });
});
