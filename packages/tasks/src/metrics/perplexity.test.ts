import { describe, expect, it } from 'vitest';
import { perplexity } from './perplexity.ts';

describe('perplexity', () => {
  it('is the number of tokens where all are equally likely, and 1 where each is certain', () => {
    expect(perplexity(Array.from({ length: 5 }, () => Math.log(1 / 50)))).toBeCloseTo(50, 10);
    expect(perplexity([0, 0])).toBe(1);
  });

  it('is the geometric mean of the inverse probabilities', () => {
    expect(perplexity([Math.log(0.5), Math.log(0.125)])).toBeCloseTo(4, 12); // √(2 · 8)
  });

  it('refuses no tokens, and what is no probability', () => {
    expect(() => perplexity([])).toThrow('perplexity: at least one token is needed, got none');
    expect(() => perplexity([-1, 0.1])).toThrow('must be at most 0, got 0.1');
    expect(() => perplexity([Number.NaN])).toThrow('must be at most 0, got NaN');
  });
});
