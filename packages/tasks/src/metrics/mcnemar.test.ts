import { describe, expect, it } from 'vitest';
import { mcnemar } from './mcnemar.ts';

/** Texts that the first alone, the second alone, both and neither told right. */
const answers = (onlyFirst: number, onlySecond: number, both = 7, neither = 2) => {
  const counts = [onlyFirst, onlySecond, both, neither];
  const repeated = (rights: readonly boolean[]) =>
    rights.flatMap((right, i) => Array.from({ length: counts[i] }, () => right));
  return [repeated([true, false, true, false]), repeated([false, true, true, false])] as const;
};

describe('mcnemar', () => {
  it('counts what one alone told right', () => {
    expect(mcnemar(...answers(10, 4))).toMatchObject({ onlyFirst: 10, onlySecond: 4 });
  });

  it.each([
    [3, 0, 0.25],
    [10, 4, 0.1795654296875],
    [25, 11, 0.028816719655878845],
    [11, 25, 0.028816719655878845],
    [5, 5, 1],
    [0, 0, 1],
    [900, 800, 0.016320682494448686],
    [2000, 0, 0],
  ])('gives for %i against %i the p of scipy.stats.binomtest', (first, second, p) => {
    expect(mcnemar(...answers(first, second)).p).toBeCloseTo(p, 10);
  });

  it('refuses answers on different texts', () => {
    expect(() => mcnemar([true], [])).toThrow('mcnemar: both must be of the same texts, got 1 and 0');
  });
});
