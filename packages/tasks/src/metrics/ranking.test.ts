import { describe, expect, it } from 'vitest';
import { areaUnderRoc, averagePrecision } from './ranking.ts';

describe('areaUnderRoc', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    expect(areaUnderRoc([0.9, 0.4], [0.5, 0.1])).toBe(0.75);
    expect(areaUnderRoc([1, 1], [1, 1])).toBe(0.5);
    // pairs: (3,2) 1, (3,1) 1, (2,2) ½, (2,1) 1
    expect(areaUnderRoc([3, 2], [2, 1])).toBe(3.5 / 4);
  });

  it('needs both kinds', () => {
    expect(() => areaUnderRoc([], [1])).toThrow('areaUnderRoc: there must be positives and negatives, got 0 and 1');
  });
});

describe('scores that are no numbers', () => {
  it.each([areaUnderRoc, averagePrecision])('are refused by %o, which would look for their end for ever', (metric) => {
    expect(() => metric([Number.NaN, 1], [0])).toThrow(`${metric.name}: positives must be numbers, got NaN at 0`);
    expect(() => metric([1], [0, Number.NaN])).toThrow(`${metric.name}: negatives must be numbers, got NaN at 1`);
    expect(metric([Infinity], [-Infinity])).toBe(1);
  });
});

describe('averagePrecision', () => {
  it('is the mean precision at the positives', () => {
    // + − + −: precision 1 at the first, 2/3 at the second
    expect(averagePrecision([0.9, 0.4], [0.5, 0.1])).toBeCloseTo((1 + 2 / 3) / 2, 12);
    // all tied: half of what is found is right
    expect(averagePrecision([1, 1], [1, 1])).toBe(0.5);
  });
});
