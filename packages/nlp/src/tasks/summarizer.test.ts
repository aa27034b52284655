import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { Summarizer, type SummarizerConfig, type SummarizerFitOptions } from './summarizer.ts';

const small: Partial<SummarizerConfig> = {
  embeddingWidth: 16,
  hiddenWidth: 32,
  dropout: 0,
  vocabularySize: 10,
  maximumWords: 12,
  maximumSummaryWords: 6,
  seed: 7,
};
// What is to be written is in the vocabulary, but for the names, which are seen once each.
const pairs = ['xmms', 'mutt', 'gimp', 'vlc'].map((name) => ({
  text: `${name} is a program to use`,
  summary: `the program ${name}`,
}));
const brief: SummarizerFitOptions = { steps: 2, batchSize: 2, buckets: 1 };

const made: Summarizer[] = [];
const keep = (summarizer: Summarizer) => {
  made.push(summarizer);
  return summarizer;
};
const create = (change: Partial<SummarizerConfig> = {}) => keep(new Summarizer({ ...small, ...change }));
const trained = async (change: Partial<SummarizerConfig> = {}) => {
  const summarizer = create({ vocabularySize: 6, ...change });
  await summarizer.fit(pairs, brief);
  return summarizer;
};
afterEach(() => made.splice(0).forEach((summarizer) => summarizer.dispose()));

const filesOf = async (summarizer: Summarizer) => {
  const folder = memoryFolder();
  await summarizer.save(folder);
  return folder;
};

describe('Summarizer', () => {
  it('copies a name that it has never seen; without copying it cannot', async () => {
    const options = { steps: 60, learningRate: 0.03, buckets: 1 };
    const summarizer = create({ vocabularySize: 6 }); // no name is known
    await summarizer.fit(pairs, options);
    const found = await summarizer.summarize('Vim is a program to use', { attention: true });
    expect(found).toMatchObject({ summary: 'the program vim', copied: ['vim'] });
    const { rows, columns, weights } = found.attention!;
    expect(rows).toEqual(['the', 'program', 'vim']);
    expect(columns).toEqual(['vim', 'is', 'a', 'program', 'to', 'use']);
    expect(weights[2].indexOf(Math.max(...weights[2]))).toBe(0);
    const { rougeL, repetition, summaries } = await summarizer.evaluate(pairs);
    expect(rougeL.f1).toBeCloseTo(1, 6);
    expect(repetition.words).toBe(0);
    expect(summaries.map(({ summary }) => summary)).toEqual(pairs.map(({ summary }) => summary));

    const plain = create({ vocabularySize: 6, copying: false });
    await plain.fit(pairs, options);
    const written = await plain.summarize('Vim is a program to use');
    expect(written.summary).not.toContain('vim');
    expect(written.copied).toEqual([]);
  });

  it('writes as many words as it is asked to at least, and no more than it may', async () => {
    const summarizer = await trained();
    for (const beams of [1, 3]) {
      const { summary } = await summarizer.summarize('mc is a program', { minimumWords: 6, beams });
      expect(summary.split(' ')).toHaveLength(6);
    }
  });

  it('gets coverage without losing what it knows, and learns on with it', async () => {
    const summarizer = await trained();
    const covered = keep(summarizer.addCoverage());
    expect(covered.config.coverage).toBe(true);
    const before = await summarizer.summarize(pairs[0].text);
    expect((await covered.summarize(pairs[0].text)).logProbability).toBeCloseTo(before.logProbability, 5);
    const { evaluations } = await covered.fit(pairs, { steps: 10, batchSize: 4, validation: pairs, coverageWeight: 5 });
    expect(evaluations.at(-1)!.metrics.repetition).toBeLessThan(evaluations[0].metrics.repetition);
    expect(await summarizer.summarize(pairs[0].text)).toEqual(before);
    expect(() => covered.addCoverage()).toThrow('Summarizer.addCoverage: the summarizer must be without, got one');
  });

  it('is saved with its words and loaded', async () => {
    const summarizer = await trained();
    const folder = await filesOf(summarizer);
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors', 'vocabulary.json']);
    const loaded = keep(await Summarizer.load(folder));
    expect(await loaded.summarize('mc is a program')).toEqual(await summarizer.summarize('mc is a program'));
  });

  it('ends with the same weights, bit for bit, when it was interrupted and resumed', async () => {
    const options = { steps: 4, batchSize: 2 };
    const whole = create({ dropout: 0.1 });
    await whole.fit(pairs, options);
    const folder = memoryFolder();
    const controller = new AbortController();
    await create({ dropout: 0.1 }).fit(pairs, {
      ...options,
      checkpoints: folder,
      signal: controller.signal,
      onEvent: (event) => event.type === 'step' && event.step === 2 && controller.abort(),
    });
    const resumed = create({ dropout: 0.1 });
    const history = await resumed.fit(pairs, { ...options, checkpoints: folder });
    expect(history.losses.map(({ step }) => step)).toEqual([3, 4]);
    const weights = async (summarizer: Summarizer) => (await filesOf(summarizer)).read('model.safetensors');
    expect(await weights(resumed)).toEqual(await weights(whole));
  });

  it('frees every tensor', async () => {
    const run = async () => {
      const summarizer = new Summarizer(small);
      await summarizer.fit(pairs, { ...brief, validation: pairs });
      const covered = summarizer.addCoverage();
      for (const each of [summarizer, covered]) {
        await each.summarize(pairs[0].text, { attention: true });
        each.dispose();
      }
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('Summarizer, given something bad', () => {
  it('refuses empty texts, and works on nothing before it was trained', async () => {
    const summarizer = await trained();
    await expect(summarizer.summarize(' \n')).rejects.toThrow(
      'Summarizer.summarize: a text must not be empty, got " \\n"',
    );
    await expect(create().fit([{ text: 'a', summary: '' }])).rejects.toThrow(
      'Summarizer.fit: a text must not be empty',
    );
    await expect(create().fit([])).rejects.toThrow('Summarizer.fit: at least one pair is needed, got none');
    await expect(create().summarize('a')).rejects.toThrow('Summarizer.summarize: the summarizer must be trained');
    expect(() => create().addCoverage()).toThrow('Summarizer.addCoverage: the summarizer must be trained');
  });

  it('cuts long texts only where it is asked to', async () => {
    const summarizer = await trained();
    const long = 'word and '.repeat(120_000); // 1 MB
    await expect(summarizer.summarize(long)).rejects.toThrow(
      'a text must have at most 12 words (truncate cuts it), got 240000 in "word and',
    );
    expect(typeof (await summarizer.summarize(long, { truncate: true, beams: 1 })).summary).toBe('string');
  });

  it('takes any script, emoji, and the names of its own special words', async () => {
    const summarizer = await trained();
    const texts = ['🙂 🐕', 'כלב רץ', '犬が走る', '<s> </s> <unknown>'];
    const found = await summarizer.summarize(texts, { beams: 1 });
    expect(found.map(({ text }) => text)).toEqual(texts);
  });

  it('refuses options that cannot be met', async () => {
    const summarizer = await trained();
    await expect(summarizer.summarize('a', { minimumWords: 7 })).rejects.toThrow(
      'Summarizer.summarize: minimumWords must be at most maximumSummaryWords=6, got 7',
    );
    await expect(summarizer.summarize('a', { beams: 0 })).rejects.toThrow(
      'Summarizer.summarize: beams must be an integer of at least 1, got 0',
    );
  });

  it.each([
    [{ hiddenWidth: 5 }, 'PointerGenerator: hiddenWidth: '],
    [{ vocabularySize: 0 }, 'Summarizer: vocabularySize: '],
    [{ score: 'dot' }, 'Summarizer: score: '],
    [{ beams: 2 }, 'Summarizer: config: '],
  ])('refuses the config %j at once', (change, message) => {
    expect(() => new Summarizer({ ...small, ...change } as SummarizerConfig)).toThrow(message);
  });

  it('refuses to load what is damaged or of something else', async () => {
    const folder = await filesOf(await trained());
    await folder.write('vocabulary.json', new TextEncoder().encode('["a","b"]'));
    await expect(Summarizer.load(folder)).rejects.toThrow('vocabulary.json of memory: ');
    await folder.write('vocabulary.json', new TextEncoder().encode('["<s>","</s>","<unknown>"]'));
    await expect(Summarizer.load(folder)).rejects.toThrow('must be of the model in config.json');
    await folder.write('config.json', new TextEncoder().encode('{"format":"heed-translator","version":1}'));
    await expect(Summarizer.load(folder)).rejects.toThrow('config.json of memory: ');
  });
});
