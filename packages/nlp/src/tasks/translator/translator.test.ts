import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { afterEach, describe, expect, it } from 'vitest';
import type { TranslatorFitOptions, TranslatorOptions } from './translator-config.ts';
import { Translator } from './translator.ts';

const sizes = { width: 16, dropout: 0, vocabularySize: 290, maximumTokens: 40, seed: 7 } as const;
const transformer = { architecture: 'transformer', ...sizes, heads: 2, layers: 1, feedForwardWidth: 24 } as const;
const recurrent = { architecture: 'recurrent', ...sizes, embeddingWidth: 8 } as const;
const pairs = [
  { source: 'Ein Hund läuft.', target: 'A dog runs.' },
  { source: 'Ein Hund schläft.', target: 'A dog sleeps.' },
  { source: 'Eine Katze läuft.', target: 'A cat runs.' },
  { source: 'Eine Katze schläft.', target: 'A cat sleeps.' },
];
const brief: TranslatorFitOptions = { steps: 3, batchSize: 2, buckets: 1 };

const made: Translator[] = [];
const create = (config: TranslatorOptions = transformer) => {
  const translator = new Translator(config);
  made.push(translator);
  return translator;
};
afterEach(() => made.splice(0).forEach((translator) => translator.dispose()));

const filesOf = async (translator: Translator) => {
  const folder = memoryFolder();
  await translator.save(folder);
  return folder;
};

const architectures: Record<string, TranslatorOptions> = {
  transformer,
  'recurrent with attention': recurrent,
  'recurrent without attention': { ...recurrent, attention: 'none' as const },
};

describe.each(Object.entries(architectures))('architecture %s', (_, config) => {
  describeTaskContract('Translator', {
    create: () => new Translator({ ...config, dropout: 0.1 }),
    untrained: () => new Translator(config),
    load: (folder) => Translator.load(folder),
    folder: memoryFolder,
    fit: (translator, options) => translator.fit(pairs, { batchSize: 2, learningRate: 0.02, ...options }),
    fitBadly: (translator) => translator.fit([...pairs, { source: ' ', target: 'A' }]),
    inputs: ['Ein Hund läuft.', 'Katze', 'Eine Katze schläft, ein Hund läuft.', 'Hund'],
    predict: (translator, texts, options) => translator.translate(texts, { beams: 3, ...options }),
    outcome: ({ text, logProbability }) => ({ exact: text, numbers: [logProbability] }),
    tolerance: 1e-5, // sums of logarithms
  });
});

describe('Translator', () => {
  for (const [name, config] of Object.entries(architectures)) {
    it(`learns its pairs by heart (${name})`, async () => {
      const translator = create(config);
      await translator.fit(pairs, { steps: 120, learningRate: 0.02, labelSmoothing: 0, buckets: 1 });
      const { bleu, perplexity, translations } = await translator.evaluate(pairs);
      expect(translations.map(({ text }) => text)).toEqual(pairs.map(({ target }) => target));
      expect(bleu).toBeCloseTo(100, 6);
      expect(perplexity).toBeLessThan(1.2);
    });
  }

  it('measures loss and perplexity on validation pairs after every epoch', async () => {
    const translator = create();
    const { evaluations } = await translator.fit(pairs, { batchSize: 2, buckets: 1, epochs: 1, validation: pairs });
    const { loss, perplexity } = evaluations[0].metrics;
    expect(perplexity).toBeCloseTo(Math.exp(loss), 6);
    expect((await translator.evaluate(pairs, { beams: 1 })).perplexity).toBeGreaterThan(1);
  });

  it('shows which source token every token of the translation came from', async () => {
    const translator = create();
    await translator.fit(pairs, brief);
    const { attention } = await translator.translate('Ein Hund läuft.', { attention: true, beams: 1 });
    expect(attention!.name).toBe('Ein Hund läuft.');
    expect(attention!.columns.join('')).toBe('EinHundläuft.');
    for (const row of attention!.weights) {
      expect(row).toHaveLength(attention!.columns.length);
      expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    }
    const plain = create({ ...recurrent, attention: 'none' });
    await plain.fit(pairs, brief);
    expect((await plain.translate('Ein Hund', { attention: true })).attention).toBeUndefined();
  });
});

describe('Translator, given something bad', () => {
  const trained = async () => {
    const translator = create();
    await translator.fit(pairs, { ...brief, steps: 1 });
    return translator;
  };

  it('refuses empty texts, also where only the name of a special token is in them', async () => {
    const translator = await trained();
    await expect(translator.translate(' ')).rejects.toThrow('Translator.translate: a text must not be empty, got " "');
    await expect(translator.translate('</s>')).rejects.toThrow('a text must not be empty, got "</s>"');
    await expect(create().fit([{ source: 'a', target: '' }])).rejects.toThrow(
      'Translator.fit: a text must not be empty',
    );
  });

  it('cuts long texts only where it is asked to', async () => {
    const translator = await trained();
    const long = 'Ein Hund läuft. '.repeat(65_536); // 1 MB
    await expect(translator.translate(long.slice(0, 2000))).rejects.toThrow(
      "a text must have fewer than maximumTokens=40 tokens, or truncation be 'end', got",
    );
    const { text } = await translator.translate(long, { truncation: 'end', beams: 1 });
    expect(typeof text).toBe('string');
  });

  it('takes any script and emoji', async () => {
    const translator = await trained();
    const found = await translator.translate(['🙂🐕', 'כלב רץ', '犬が走る'], { beams: 1 });
    expect(found.map(({ source }) => source)).toEqual(['🙂🐕', 'כלב רץ', '犬が走る']);
  });

  it('refuses to train on nothing', async () => {
    await expect(create().fit([])).rejects.toThrow('Translator.fit: at least one pair is needed, got none');
  });

  it.each([
    [{ ...transformer, heads: 3 }, 'Translator: heads: must divide width, got 3'],
    [{ ...transformer, vocabularySize: 100 }, 'Translator: vocabularySize: '],
    [{ ...transformer, beams: 2 }, 'Translator: config: '],
    [{ ...transformer, cell: 'lstm' }, 'cell'],
    [{ ...recurrent, heads: 2 }, 'heads'],
    [{ ...recurrent, width: 15 }, 'Translator: width: must be even, got 15'],
  ])('refuses the config %j at once', (config, message) => {
    expect(() => new Translator(config as TranslatorOptions)).toThrow(message);
  });

  it('refuses to load what is damaged', async () => {
    const folder = await filesOf(await trained());
    await folder.write('tokenizer.json', new TextEncoder().encode('{}'));
    await expect(Translator.load(folder)).rejects.toThrow('must be of one save');
  });
});
