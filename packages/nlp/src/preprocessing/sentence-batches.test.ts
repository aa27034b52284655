import { describe, expect, it } from 'vitest';
import { SentenceBatches, sentenceBatch, type IndexedSentence } from './sentence-batches.ts';

const sentences: IndexedSentence[] = [
  { words: [1, 2], characters: [[3, 4], [5]], labels: [1, 0] },
  { words: [6], characters: [[7, 8, 9]], labels: [2] },
];

describe('sentenceBatch', () => {
  it('lays tokens and their characters in rows, with what is missing as 0', () => {
    const { words, characters, characterCounts, lengths, labels } = sentenceBatch(sentences, 3, 3);
    expect([words.shape, characters.shape, lengths.shape]).toEqual([[2, 3], [2, 3, 3], [2]]);
    expect([...words.data]).toEqual([1, 2, 0, 6, 0, 0]);
    expect([...characters.data]).toEqual([3, 4, 0, 5, 0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0]);
    expect([...characterCounts.data]).toEqual([2, 1, 0, 3, 0, 0]);
    expect([...lengths.data]).toEqual([2, 1]);
    expect([...labels.data]).toEqual([1, 0, 0, 2, 0, 0]);
  });
});

describe('SentenceBatches', () => {
  const many = Array.from({ length: 23 }, (_, i) => ({
    words: Array.from({ length: 1 + (i % 5) }, () => i),
    characters: Array.from({ length: 1 + (i % 5) }, () => [i]),
    labels: Array.from({ length: 1 + (i % 5) }, () => 0),
  }));
  const batches = new SentenceBatches(many, { batchSize: 4, buckets: 2, seed: 7 });
  const firstWords = (epoch: number) =>
    [...(batches.epoch(epoch) as Iterable<ReturnType<typeof sentenceBatch>>)].flatMap(({ words, lengths }) =>
      Array.from(lengths.data, (_, row) => words.data[row * words.shape[1]]),
    );

  it('shows every sentence once an epoch, in another order every epoch, and the same again', () => {
    expect(firstWords(0).sort((a, b) => a - b)).toEqual(many.map((_, i) => i));
    expect(firstWords(0)).not.toEqual(firstWords(1));
    expect(firstWords(1)).toEqual(firstWords(1));
    expect(batches.epoch(0).length).toBe(batches.perEpoch);
  });

  it('goes on where it is told to', () => {
    const all = [...(batches.epoch(2) as Iterable<unknown>)];
    expect([...(batches.epoch(2).skip!(4) as Iterable<unknown>)]).toEqual(all.slice(4));
  });

  it('refuses no sentences, and batches of no size', () => {
    const options = { batchSize: 4, buckets: 2, seed: 7 };
    expect(() => new SentenceBatches([], options)).toThrow('at least one sentence is needed, got none');
    expect(() => new SentenceBatches(many, { ...options, batchSize: 0 })).toThrow(
      'batchSize must be a positive integer, got 0',
    );
  });
});
