import { describe, expect, it } from 'vitest';
import { repetition } from './repetition.ts';

describe('repetition', () => {
  it('counts what stood before in the same text', () => {
    // words a b a b a: 3 of 5 again; bigrams ab ba ab ba: 2 of 4; trigrams aba bab aba: 1 of 3
    expect(repetition(['a b a b a'])).toEqual({ words: 3 / 5, bigrams: 2 / 4, trigrams: 1 / 3 });
  });

  it('weighs texts by their length, and does not compare them with each other', () => {
    expect(repetition(['a a a a', 'a b', 'a b']).words).toBe(3 / 8);
  });

  it('takes no notice of case and punctuation, and texts too short for a run', () => {
    expect(repetition(['Tool, tool.', ''])).toEqual({ words: 1 / 2, bigrams: 0, trigrams: 0 });
  });

  it('refuses to measure nothing', () => {
    expect(() => repetition([])).toThrow('repetition: at least one text is needed, got none');
  });
});
