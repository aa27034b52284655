import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { renderDocument } from '../../rendering/render-document.ts';
import type { HierarchicalClassifierConfig } from './text-classifier-config.ts';
import { TextClassifier } from './text-classifier.ts';

const MAILS = [
  { text: 'Dear friend, buy this now! It is free. Win a prize of 1000 dollars today.', label: 'spam' },
  { text: 'A free prize for you! Click here and win.', label: 'spam' },
  { text: 'You have been chosen. Click now to win 50 dollars.', label: 'spam' },
  { text: 'The meeting is at nine. See you there, and bring the report.', label: 'ham' },
  { text: 'I have read the report. There is a bug in the second part of it.', label: 'ham' },
  { text: 'Thanks for the patch. See you at the meeting.', label: 'ham' },
];
const small = { wordWidth: 8, hiddenWidth: 8, vocabularySize: 100, labels: ['ham', 'spam'], seed: 3 };
const FIT = { epochs: 20, batchSize: 3, buckets: 1, learningRate: 0.03 };

const made: TextClassifier[] = [];
const create = (architecture: 'han' | 'mean', change: Partial<HierarchicalClassifierConfig> = {}) => {
  const classifier = new TextClassifier({ ...small, architecture, ...change });
  made.push(classifier);
  return classifier;
};
afterEach(() => made.splice(0).forEach((classifier) => classifier.dispose()));

describe.each(['han', 'mean'] as const)("TextClassifier with architecture '%s'", (architecture) => {
  it('learns to tell documents apart, and is saved and loaded', async () => {
    const classifier = create(architecture);
    await classifier.fit(MAILS, FIT);
    expect((await classifier.evaluate(MAILS)).accuracy).toBe(1);
    const folder = memoryFolder();
    await classifier.save(folder);
    const loaded = await TextClassifier.load(folder);
    made.push(loaded);
    expect(loaded.config).toEqual(classifier.config);
    const text = 'Win the meeting. Unheard-of words!';
    expect(await loaded.predict(text)).toEqual(await classifier.predict(text));
  });

  it('gives several documents in their order, the same as one by one', async () => {
    const classifier = create(architecture);
    await classifier.fit(MAILS, { ...FIT, epochs: 2 });
    const texts = MAILS.map(({ text }) => text);
    const together = await classifier.predict(texts, { batchSize: 2 });
    for (const [i, text] of texts.entries()) {
      const alone = await classifier.predict(text);
      expect(alone.label).toBe(together[i].label);
      expect(alone.probability).toBeCloseTo(together[i].probability, 5);
    }
  });

  it('frees every tensor', async () => {
    const run = async () => {
      const classifier = create(architecture);
      await classifier.fit(MAILS, { ...FIT, epochs: 1 });
      await classifier.predict('See you.', { attention: true });
      classifier.dispose();
    };
    await run();
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads emoji, right-to-left text and unknown words; cuts a megabyte where it is asked to, and refuses it else', async () => {
    const classifier = create(architecture, { maximumTokens: 40 });
    await classifier.fit(MAILS, { ...FIT, epochs: 1 });
    for (const text of ['🙂', 'שלום עולם', 'Zanzibar', '__proto__']) {
      const { probabilities } = await classifier.predict(text);
      expect(probabilities.ham + probabilities.spam).toBeCloseTo(1, 5);
    }
    const long = 'word '.repeat(2e5);
    expect(await classifier.predict(long, { truncation: 'end' })).toMatchObject({ truncated: 2e5 - 40 });
    const ends = await classifier.predict(`first ${long} last`, { truncation: 'middle' });
    expect(ends).toMatchObject({ truncated: 2e5 + 2 - 40 });
    expect([ends.tokens[0], ends.tokens[19], ends.tokens[39]]).toEqual(['first', 'word', 'last']);
    await expect(classifier.predict(long)).rejects.toThrow('a text must have at most 40 tokens');
    await expect(classifier.predict(' \n')).rejects.toThrow('a text must not be empty');
  });
});

describe("the attention of architecture 'han'", () => {
  it('is one map over the sentences, and one over the words of each', async () => {
    const classifier = create('han');
    await classifier.fit(MAILS, { ...FIT, epochs: 1 });
    const [{ attention }, other] = await classifier.predict(['I see a bug. Win it now!', MAILS[0].text], {
      attention: true,
    });
    expect(attention!.map(({ name, columns }) => [name, columns])).toEqual([
      ['sentences', ['I see a bug .', 'Win it now !']],
      ['words of sentence 1', ['I', 'see', 'a', 'bug', '.']],
      ['words of sentence 2', ['Win', 'it', 'now', '!']],
    ]);
    for (const { weights } of [...attention!, ...other.attention!]) {
      expect(weights[0].reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    }
    expect(renderDocument(attention!)).toContain('>bug</span>');
  });

  it('has no heads to give', async () => {
    const classifier = create('han');
    await classifier.fit(MAILS, { ...FIT, epochs: 1 });
    await expect(classifier.predict('See you.', { attention: 'heads' })).rejects.toThrow(
      "TextClassifier.predict: attention 'heads' goes with architecture 'bert', got 'han'",
    );
  });

  it('keeps sentences apart where their middle is left out', async () => {
    const classifier = create('han', { maximumTokens: 8 });
    await classifier.fit(MAILS, { ...FIT, epochs: 1, truncation: 'middle' });
    const text = 'I see a bug in it. We met at nine. Win it now!';
    const { attention, tokens } = await classifier.predict(text, { attention: true, truncation: 'middle' });
    expect(tokens).toEqual(['I', 'see', 'a', 'bug', 'Win', 'it', 'now', '!']);
    expect(attention![0].columns).toEqual(['I see a bug', 'Win it now !']);
  });

  it("is empty for 'mean'", async () => {
    const classifier = create('mean');
    await classifier.fit(MAILS, { ...FIT, epochs: 1 });
    expect((await classifier.predict('See you.', { attention: true })).attention).toEqual([]);
  });
});
