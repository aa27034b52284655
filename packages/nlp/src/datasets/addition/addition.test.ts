import { describe, expect, it } from 'vitest';
import { additionProblems } from './addition.ts';

describe('additionProblems', () => {
  const { train, test } = additionProblems({ seed: 1 });
  const number = (digits: readonly number[]) => Number(digits.join(''));

  it('has every pair of two-digit numbers once, a thousand held out', () => {
    const all = new Set([...train, ...test].map(({ question }) => question.join('')));
    expect([train.length, test.length, all.size]).toEqual([9000, 1000, 10_000]);
  });

  it('answers with the sum, the ones first', () => {
    for (const { question, answer } of [...train, ...test]) {
      const [a, b] = [question.slice(0, 2), question.slice(2)];
      expect(number([...answer].reverse())).toBe(number(a) + number(b));
      expect([question.length, answer.length]).toEqual([4, 3]);
    }
    expect([...train, ...test]).toContainEqual({ question: [8, 5, 5, 0], answer: [5, 3, 1] });
  });

  it.each([
    [{ digits: 4 }, 'additionProblems: digits must be an integer from 1 to 3, got 4'],
    [{ digits: 1, heldOut: 100 }, 'additionProblems: heldOut must be an integer from 1 to 99, got 100'],
  ])('refuses %j', (options, message) => {
    expect(() => additionProblems({ seed: 1, ...options })).toThrow(message);
  });
});
