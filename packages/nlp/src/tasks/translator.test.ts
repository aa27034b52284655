import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { Translator, type TranslatorConfig, type TranslatorFitOptions } from './translator.ts';

const small: Partial<TranslatorConfig> = {
  width: 16,
  embeddingWidth: 8,
  heads: 2,
  layers: 1,
  feedForwardWidth: 24,
  dropout: 0,
  vocabularySize: 290,
  maximumTokens: 40,
  seed: 7,
};
const pairs = [
  { source: 'Ein Hund läuft.', target: 'A dog runs.' },
  { source: 'Ein Hund schläft.', target: 'A dog sleeps.' },
  { source: 'Eine Katze läuft.', target: 'A cat runs.' },
  { source: 'Eine Katze schläft.', target: 'A cat sleeps.' },
];
const brief: TranslatorFitOptions = { steps: 3, batchSize: 2, buckets: 1 };

const made: Translator[] = [];
const create = (change: Partial<TranslatorConfig> = {}) => {
  const translator = new Translator({ ...small, ...change });
  made.push(translator);
  return translator;
};
afterEach(() => made.splice(0).forEach((translator) => translator.dispose()));

const filesOf = async (translator: Translator) => {
  const folder = memoryFolder();
  await translator.save(folder);
  return folder;
};

const architectures: Record<string, Partial<TranslatorConfig>> = {
  transformer: {},
  'recurrent with attention': { architecture: 'recurrent' },
  'recurrent without attention': { architecture: 'recurrent', attention: 'none' },
};

describe('Translator', () => {
  for (const [name, change] of Object.entries(architectures)) {
    it(`learns its pairs by heart (${name})`, async () => {
      const translator = create(change);
      await translator.fit(pairs, { steps: 120, learningRate: 0.02, labelSmoothing: 0, buckets: 1 });
      const { bleu, perplexity, translations } = await translator.evaluate(pairs);
      expect(translations.map(({ text }) => text)).toEqual(pairs.map(({ target }) => target));
      expect(bleu).toBeCloseTo(100, 6);
      expect(perplexity).toBeLessThan(1.2);
    });
  }

  it('measures loss and perplexity on validation pairs after every epoch', async () => {
    const translator = create();
    const { evaluations } = await translator.fit(pairs, { ...brief, epochs: 1, validation: pairs });
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
    const plain = create({ architecture: 'recurrent', attention: 'none' });
    await plain.fit(pairs, brief);
    expect((await plain.translate('Ein Hund', { attention: true })).attention).toBeUndefined();
  });

  it('is saved with its tokens and loaded', async () => {
    const translator = create();
    await translator.fit(pairs, brief);
    const folder = await filesOf(translator);
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    const loaded = await Translator.load(folder);
    made.push(loaded);
    expect(await loaded.translate('Eine Katze.')).toEqual(await translator.translate('Eine Katze.'));
  });

  it('ends with the same weights, bit for bit, when it was interrupted and resumed', async () => {
    const options = { steps: 6, batchSize: 2 };
    const whole = create({ dropout: 0.1 });
    await whole.fit(pairs, options);
    const folder = memoryFolder();
    const controller = new AbortController();
    await create({ dropout: 0.1 }).fit(pairs, {
      ...options,
      checkpoints: folder,
      signal: controller.signal,
      onEvent: (event) => event.type === 'step' && event.step === 3 && controller.abort(),
    });
    const resumed = create({ dropout: 0.1 });
    const history = await resumed.fit(pairs, { ...options, checkpoints: folder });
    expect(history.losses.map(({ step }) => step)).toEqual([4, 5, 6]);
    const weights = async (translator: Translator) => (await filesOf(translator)).read('model.safetensors');
    expect(await weights(resumed)).toEqual(await weights(whole));
  });

  it('frees every tensor', async () => {
    const run = async () => {
      const translator = create();
      await translator.fit(pairs, { ...brief, validation: pairs });
      await translator.translate('Ein Hund', { attention: true });
      translator.dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
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
      'a text must have fewer than maximumTokens=40 tokens (truncate cuts it), got',
    );
    const { text } = await translator.translate(long, { truncate: true, beams: 1 });
    expect(typeof text).toBe('string');
  });

  it('takes any script and emoji', async () => {
    const translator = await trained();
    const found = await translator.translate(['🙂🐕', 'כלב רץ', '犬が走る'], { beams: 1 });
    expect(found.map(({ source }) => source)).toEqual(['🙂🐕', 'כלב רץ', '犬が走る']);
  });

  it('refuses to work before it was trained, and to train on nothing', async () => {
    await expect(create().translate('Hund')).rejects.toThrow('Translator.translate: the translator must be trained');
    await expect(create().fit([])).rejects.toThrow('Translator.fit: at least one pair is needed, got none');
  });

  it.each([
    [{ heads: 3 }, 'Transformer: heads: must be a divisor of modelWidth, got 3'],
    [{ vocabularySize: 100 }, 'Translator: vocabularySize: '],
    [{ beams: 2 }, 'Translator: config: '],
    [{ architecture: 'recurrent', width: 15 }, 'RecurrentSeq2Seq: hiddenWidth: must be even'],
  ])('refuses the config %j at once', (change, message) => {
    expect(() => new Translator({ ...small, ...change } as TranslatorConfig)).toThrow(message);
  });

  it('refuses to load what is damaged or of something else', async () => {
    const folder = await filesOf(await trained());
    await folder.write('tokenizer.json', new TextEncoder().encode('{}'));
    await expect(Translator.load(folder)).rejects.toThrow('TextTokenizer: json must be a tokenizer.json');
    const other = await filesOf(await trained());
    await other.write('config.json', new TextEncoder().encode('{"format":"heed-pronouncer","version":1}'));
    await expect(Translator.load(other)).rejects.toThrow('Translator.load: config.json of memory: format: ');
  });
});
