import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { afterEach, describe, expect, it } from 'vitest';
import type { SummarizerConfig, SummarizerFitOptions } from './summarizer-config.ts';
import { Summarizer } from './summarizer.ts';

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

describe.each([
  ['with copying', {}],
  ['with coverage', { coverage: true }],
  ['without copying', { copying: false }],
] as const)('%s', (_, change) => {
  describeTaskContract('Summarizer', {
    create: () => new Summarizer({ ...small, ...change, vocabularySize: 6, dropout: 0.1 }),
    untrained: () => new Summarizer(small),
    load: (folder) => Summarizer.load(folder),
    folder: memoryFolder,
    fit: (summarizer, options) => summarizer.fit(pairs, { batchSize: 2, ...options }),
    fitBadly: (summarizer) => summarizer.fit([...pairs, { text: 'a', summary: ' ' }]),
    inputs: ['mc is a program', 'vim', 'emacs is a program to use and to use', 'a gimp'],
    predict: (summarizer, texts, options) => summarizer.summarize(texts, options),
    outcome: ({ summary, logProbability }) => ({ exact: summary, numbers: [logProbability] }),
    tolerance: 1e-5, // sums of logarithms
  });
});

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
    const covered = keep(await summarizer.addCoverage());
    expect(covered.config.coverage).toBe(true);
    const before = await summarizer.summarize(pairs[0].text);
    expect((await covered.summarize(pairs[0].text)).logProbability).toBeCloseTo(before.logProbability, 5);
    const { evaluations } = await covered.fit(pairs, { steps: 10, batchSize: 4, validation: pairs, coverageWeight: 5 });
    expect(evaluations.at(-1)!.metrics.repetition).toBeLessThan(evaluations[0].metrics.repetition);
    expect(await summarizer.summarize(pairs[0].text)).toEqual(before);
    await expect(covered.addCoverage()).rejects.toThrow(
      'Summarizer.addCoverage: the summarizer must be without, got one',
    );
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
    await expect(create().addCoverage()).rejects.toThrow('Summarizer.addCoverage: must come after fit() or load()');
  });

  it('cuts long texts only where it is asked to', async () => {
    const summarizer = await trained();
    const long = 'word and '.repeat(120_000); // 1 MB
    await expect(summarizer.summarize(long)).rejects.toThrow(
      `a text must have at most 12 words, or truncation be 'end', got 240000 in "word and`,
    );
    expect(typeof (await summarizer.summarize(long, { truncation: 'end', beams: 1 })).summary).toBe('string');
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
      'Summarizer.summarize: beams must be a positive integer, got 0',
    );
  });

  it.each([
    [{ hiddenWidth: 5 }, 'Summarizer: hiddenWidth: '],
    [{ vocabularySize: 0 }, 'Summarizer: vocabularySize: '],
    [{ score: 'dot' }, 'Summarizer: score: '],
    [{ beams: 2 }, 'Summarizer: config: '],
  ])('refuses the config %j at once', (change, message) => {
    expect(() => new Summarizer({ ...small, ...change } as SummarizerConfig)).toThrow(message);
  });
});
