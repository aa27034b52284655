import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinWords, splitWords } from './words.ts';

describe('splitWords', () => {
  it.each([
    ['Read, then run libc6-dev 2.36.', ['Read', ',', 'then', 'run', 'libc6-dev', '2.36', '.']],
    ["don't use C++/GTK+", ["don't", 'use', 'C++', '/', 'GTK+']],
    ['naïve שלום 犬 🙂', ['naïve', 'שלום', '犬', '🙂']],
    [' \n\t', []],
  ])('takes %j apart', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it('loses nothing but white space, and takes the words of its words for one each', () => {
    assert(
      property(string({ unit: 'grapheme' }), (text) => {
        const words = splitWords(text);
        expect(words.join('')).toBe(text.replaceAll(/\s+/g, ''));
        for (const word of words) expect(splitWords(word)).toEqual([word]);
      }),
    );
  });

  it('takes a megabyte in the time of one reading', () => {
    expect(splitWords('a-'.repeat(500_000))).toHaveLength(2); // the last hyphen stands alone
  });
});

describe('joinWords', () => {
  it('writes signs where they stand in a text', () => {
    const text = 'a tool (for C++, GTK+) to read/write: fast!';
    expect(joinWords(splitWords(text))).toBe(text);
  });
});
