import { describe, expect, it } from 'vitest';
import { sentenceBatch, type IndexedSentence } from './sentence-batch.ts';

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
