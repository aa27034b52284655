import { describe, expect, it } from 'vitest';
import { Vocabulary } from './vocabulary.ts';

describe('Vocabulary', () => {
  it('numbers the symbols of its data in order, after the special ones', () => {
    const vocabulary = Vocabulary.of(
      [
        ['b', 'a'],
        ['c', 'a'],
      ],
      ['<s>'],
    );
    expect(vocabulary.symbols).toEqual(['<s>', 'a', 'b', 'c']);
    expect(vocabulary.symbols.map((symbol) => vocabulary.indexOf(symbol))).toEqual([0, 1, 2, 3]);
    expect(vocabulary.indexOf('d')).toBeUndefined();
    expect(vocabulary.at(2)).toBe('b');
  });

  it('refuses what would make two symbols one', () => {
    expect(() => new Vocabulary(['a', 'b', 'a'])).toThrow('Vocabulary: symbols must differ, got "a" twice');
    expect(() => Vocabulary.of([['<s>']], ['<s>'])).toThrow('Vocabulary.of: "<s>" is reserved, but occurs in the data');
    expect(() => new Vocabulary([])).toThrow('at least one symbol');
    expect(() => new Vocabulary(['a']).at(1)).toThrow('index must be in [0, 1), got 1');
  });

  it('is not confused by names of object properties', () => {
    expect(new Vocabulary(['a']).indexOf('constructor')).toBeUndefined();
    expect(new Vocabulary(['a', '__proto__']).indexOf('__proto__')).toBe(1);
  });
});
