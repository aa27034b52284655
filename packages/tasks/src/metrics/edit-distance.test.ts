import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance } from './edit-distance.ts';

describe('editDistance', () => {
  // Wagner & Fischer's and everybody's examples
  it.each([
    ['kitten', 'sitting', 3],
    ['saturday', 'sunday', 3],
    ['flaw', 'lawn', 2],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['', '', 0],
  ])('of %j and %j is %i', (from, to, distance) => {
    expect(editDistance([...from], [...to])).toBe(distance);
  });

  it('compares whole symbols, not their characters', () => {
    expect(editDistance(['AA', 'AH'], ['AAH'])).toBe(2);
  });

  const word = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 7 });

  it('is a metric', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a.join('') === b.join(''));
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
      }),
      { seed: 7 },
    );
  });

  it('is what the recursive definition gives', () => {
    const byDefinition = (a: readonly string[], b: readonly string[]): number => {
      if (a.length === 0 || b.length === 0) return a.length + b.length;
      const same = a[0] === b[0] ? 0 : 1;
      return Math.min(
        byDefinition(a.slice(1), b.slice(1)) + same,
        byDefinition(a.slice(1), b) + 1,
        byDefinition(a, b.slice(1)) + 1,
      );
    };
    const short = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
    fc.assert(
      fc.property(short, short, (a, b) => {
        expect(editDistance(a, b)).toBe(byDefinition(a, b));
      }),
      { seed: 7 },
    );
  });
});
