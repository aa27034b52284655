import { describe, expect, it } from 'vitest';
import { sortingProblems } from './sorting.ts';

describe('sortingProblems', () => {
  const { train, test } = sortingProblems({ seed: 1 });

  it('has every sequence once, three quarters to learn from', () => {
    const all = new Set([...train, ...test].map(({ question }) => question.join('')));
    expect([train.length, test.length, all.size]).toEqual([547, 182, 3 ** 6]);
    expect([...all].every((digits) => /^[012]{6}$/.test(digits))).toBe(true);
  });

  it('answers with the same digits in order', () => {
    for (const { question, answer } of [...train, ...test]) {
      const counts = [0, 1, 2].map((digit) => question.filter((each) => each === digit).length);
      expect(answer).toEqual(counts.flatMap((count, digit) => Array<number>(count).fill(digit)));
    }
  });

  it('divides by its seed', () => {
    expect(sortingProblems({ seed: 1 })).toEqual({ train, test });
    expect(sortingProblems({ seed: 2 }).test).not.toEqual(test);
  });

  it.each([
    [{ length: 0 }, 'sortingProblems: length must be an integer from 1 to 10, got 0'],
    [{ digits: 11 }, 'sortingProblems: digits must be an integer from 1 to 10, got 11'],
    [{ length: 10, digits: 10 }, 'sortingProblems: there must be at most a million sequences, got 10^10'],
    [{ heldOut: 1 }, 'sortingProblems: heldOut must be in (0, 1), got 1'],
  ])('refuses %j', (options, message) => {
    expect(() => sortingProblems({ seed: 1, ...options })).toThrow(message);
  });
});
