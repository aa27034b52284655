import { describeTaskContract } from '@heed/testing';
import { memoryFolder, type Folder } from '@heed/training';
import { afterEach, describe, expect, it } from 'vitest';
import type { LexiconEntry } from '../../datasets/lexicon.ts';
import type { PronouncerConfig, PronouncerFitOptions } from './pronouncer-config.ts';
import { Pronouncer } from './pronouncer.ts';

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

describe.each([
  ['with attention', {}],
  ['without attention', { attention: 'none', contextEveryStep: true }],
  ['LSTM', { attention: 'luong-dot', cell: 'lstm' }],
] as const)('%s', (_, change) => {
  describeTaskContract('Pronouncer', {
    create: () => new Pronouncer({ ...config, ...change }),
    untrained: () => new Pronouncer(config),
    load: (folder) => Pronouncer.load(folder),
    folder: memoryFolder,
    fit: (pronouncer, options) => pronouncer.fit(lexicon, { batchSize: 4, ...options }),
    fitBadly: (pronouncer) => pronouncer.fit([...lexicon, { word: 'tea', pronunciations: [' '] }]),
    inputs: ['tee', 'abba', 'e', 'tatta'],
    predict: (pronouncer, words, options) => pronouncer.pronounce(words, options),
    outcome: ({ phonemes, logProbability }) => ({ exact: phonemes, numbers: [logProbability] }),
    tolerance: 1e-5, // sums of logarithms
  });
});

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

  it('says something of every word, however short the likeliest answer is', async () => {
    const pronouncer = create({ attention: 'none', contextEveryStep: true });
    // one phoneme for everything: what is likeliest of a long word is to say nothing
    const short = words.map((word) => ({ word, pronunciations: ['AA'] }));
    await pronouncer.fit(short, { steps: 30, learningRate: 0.03, labelSmoothing: 0 });
    for (const lengthPenalty of [0, 1]) {
      for (const beams of [1, 5]) {
        const spoken = await pronouncer.pronounce(['e', 'tattattattattattatta'], { beams, lengthPenalty });
        for (const { phonemes, alternatives } of spoken) {
          for (const each of [phonemes, ...alternatives.map((other) => other.phonemes)]) {
            expect(each.length).toBeGreaterThan(0);
          }
        }
      }
    }
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

  it('refuses data without words or phonemes', async () => {
    await expect(create().fit([])).rejects.toThrow('Pronouncer.fit: at least one pronunciation is needed, got none');
    await expect(create().fit([{ word: 'ta', pronunciations: [' '] }])).rejects.toThrow(
      'Pronouncer: a pronunciation must not be empty, got one of "ta"',
    );
    await expect(create().fit([{ word: 'ta', pronunciations: ['T </s>'] }])).rejects.toThrow('"</s>" is reserved');
  });

  it('refuses symbols that it was not made for when it is trained further', async () => {
    const pronouncer = await trained();
    const before = await pronouncer.model.sourceEmbedding.weight.data();
    await expect(pronouncer.fit([{ word: 'tab', pronunciations: ['T AX B'] }])).rejects.toThrow(
      'Pronouncer.fit: every phoneme must be known, got "AX" at position 2 of "T AX B"; known are AA B EH T',
    );
    expect(await pronouncer.model.sourceEmbedding.weight.data()).toEqual(before);
  });

  it.each([
    [{ hiddenWidth: 15 }, 'hiddenWidth: must be even'],
    [{ seed: -1 }, 'seed'],
    [{ maximumLetters: 0 }, 'Pronouncer: maximumLetters: '],
  ])('refuses the config %j at once', (change, message) => {
    expect(() => new Pronouncer(change)).toThrow(message);
  });

  it('refuses a checkpoint of another config or of other data, and leaves it as it was', async () => {
    const folder = memoryFolder();
    await create().fit(lexicon, { ...quick, checkpoints: folder });
    const content = async () => Promise.all((await folder.list()).map((name) => folder.read(name)));
    const before = await content();
    await expect(create({ hiddenWidth: 18 }).fit(lexicon, { ...quick, checkpoints: folder })).rejects.toThrow(
      'config.config.hiddenWidth was 16, is now 18',
    );
    await expect(create().fit(lexicon.slice(1), { ...quick, checkpoints: folder })).rejects.toThrow(
      'config.data was "14 pairs',
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

  it("refuses to load letters that are not the weights'", async () => {
    const wider = await saved();
    await edit(wider, (config) => {
      const { letters, phonemes } = config.state as { letters: string[]; phonemes: string[] };
      return { ...config, state: { letters: [...letters, 'x'], phonemes } };
    });
    await expect(Pronouncer.load(wider)).rejects.toThrow('Pronouncer.load: ');
    await expect(Pronouncer.load(memoryFolder())).rejects.toThrow('config.json');
  });
});
