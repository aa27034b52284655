import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { characterErrorRate, wordErrorRate, type RecognisedText } from './word-error-rate.ts';

interface Rates {
  readonly words: number;
  readonly characters: number;
}

// made by tooling/golden/speech-word-errors.py
const golden = JSON.parse(readFileSync(new URL('word-error-rate.golden.json', import.meta.url), 'utf8')) as Rates & {
  readonly texts: readonly (RecognisedText & Rates)[];
};

describe('wordErrorRate and characterErrorRate', () => {
  it.each(golden.texts)("equal jiwer's for $expected heard as $heard", ({ words, characters, ...text }) => {
    expect(wordErrorRate([text])).toBeCloseTo(words, 12);
    expect(characterErrorRate([text])).toBeCloseTo(characters, 12);
  });

  it("equal jiwer's over all texts together, which is no mean of theirs", () => {
    expect(wordErrorRate(golden.texts)).toBeCloseTo(golden.words, 12);
    expect(characterErrorRate(golden.texts)).toBeCloseTo(golden.characters, 12);
  });

  it('refuse texts in which nothing was said', () => {
    expect(() => wordErrorRate([{ expected: ' ', heard: 'a' }])).toThrow(
      'wordErrorRate: something must have been said, got 1 empty texts',
    );
    expect(() => characterErrorRate([])).toThrow(
      'characterErrorRate: something must have been said, got 0 empty texts',
    );
  });
});
