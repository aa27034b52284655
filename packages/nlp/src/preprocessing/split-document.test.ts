import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDocument } from './split-document.ts';

describe('splitDocument', () => {
  it('ends sentences at their marks and at empty lines', () => {
    expect(splitDocument("It doesn't work at all!!! Why is that\nso?\n\nBest wishes to you\n\n-- \nA")).toEqual([
      ['It', "doesn't", 'work', 'at', 'all', '!!!'],
      ['Why', 'is', 'that', 'so', '?'],
      ['Best', 'wishes', 'to', 'you'],
      ['--', 'A'],
    ]);
  });

  it('lets short ones go on, and long ones begin anew', () => {
    expect(splitDocument('Mr. J. Doe is here. Yes. No.')).toEqual([
      ['Mr', '.', 'J', '.'],
      ['Doe', 'is', 'here', '.'],
      ['Yes', '.', 'No', '.'],
    ]);
    expect(splitDocument('a b c d e', { longest: 2 })).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('reads other scripts, numbers and pictures', () => {
    expect(splitDocument('שלום עולם 12 🙂 naïve ½')).toEqual([['שלום', 'עולם', '12', '🙂', 'naïve', '½']]);
    expect(splitDocument(' \n\n ')).toEqual([]);
  });

  it('leaves out no letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const letters = (whole: string) => whole.replaceAll(/\P{L}/gu, '');
        expect(letters(splitDocument(text).flat().join(''))).toBe(letters(text));
      }),
    );
  });
});
