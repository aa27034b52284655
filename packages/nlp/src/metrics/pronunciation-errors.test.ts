import { describe, expect, it } from 'vitest';
import { pronunciationErrors, pronunciationErrorsByLength, type PronouncedWord } from './pronunciation-errors.ts';

const said = (word: string, phonemes: string, ...references: string[]): PronouncedWord => ({
  word,
  phonemes: phonemes.split(' '),
  references: references.map((reference) => reference.split(' ')),
});

describe('pronunciationErrors', () => {
  it('counts edits per phoneme and wrong words per word', () => {
    const words = [said('cat', 'K AE T', 'K AE T'), said('cattle', 'K AH T S', 'K AE T AH L')];
    // replace AH, replace S by AH, insert L: 3 edits of 8 phonemes
    expect(pronunciationErrors(words)).toEqual({ phonemeErrorRate: 3 / 8, wordErrorRate: 1 / 2, words: 2 });
  });

  it('takes any reference as right, and counts edits against the closest', () => {
    const words = [said('live', 'L IH V', 'L AY V', 'L IH V'), said('either', 'AY DH', 'IY DH ER', 'AY DH ER')];
    expect(pronunciationErrors(words)).toEqual({ phonemeErrorRate: 1 / 6, wordErrorRate: 1 / 2, words: 2 });
  });

  it('refuses words without reference, and no words', () => {
    expect(() => pronunciationErrors([said('cat', 'K AE T')])).toThrow('cat must have a reference, got none');
    expect(() => pronunciationErrors([])).toThrow('at least one word is needed, got none');
  });
});

describe('pronunciationErrorsByLength', () => {
  it('puts every word in the group of its letters', () => {
    const words = [said('ox', 'AA K S', 'AA K S'), said('oxen', 'AA K', 'AA K'), said('oxygen', 'AA', 'AA K')];
    expect(pronunciationErrorsByLength(words, [2, 4])).toEqual([
      { letters: [1, 2], phonemeErrorRate: 0, wordErrorRate: 0, words: 1 },
      { letters: [3, 4], phonemeErrorRate: 0, wordErrorRate: 0, words: 1 },
      { letters: [5, Infinity], phonemeErrorRate: 1 / 2, wordErrorRate: 1, words: 1 },
    ]);
  });
});
