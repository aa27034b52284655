import { describe, expect, it } from 'vitest';
import { bestSpans } from './best-spans.ts';

describe('bestSpans', () => {
  // [CLS] q [SEP] a b c [SEP]; logarithms of 1, 2, …, so that the softmax is over 4 + 1 + 2 + 3 = 10 of them
  const [starts, ends] = [[4, 99, 99, 1, 2, 3, 99].map(Math.log), [1, 99, 99, 3, 3, 3, 99].map(Math.log)];
  const text = { first: 3, count: 3, longest: 3 };

  it('weighs every span of the text, and none, and nothing else', () => {
    const { spans, none } = bestSpans(starts, ends, text);
    expect(none).toBeCloseTo(0.4 * 0.1, 6);
    expect(spans).toHaveLength(6);
    expect(spans[0]).toEqual({ start: 5, end: 5, probability: expect.closeTo(0.3 * 0.3, 6) });
    const least = spans.slice(-3).map(({ start, end }) => [start, end]);
    expect(least).toEqual([[3, 3], [3, 4], [3, 5]]); // prettier-ignore
  });

  it('gives no span that is longer than it may be', () => {
    const spans = bestSpans(starts, ends, { ...text, longest: 1 }).spans.map(({ start, end }) => [start, end]);
    expect(spans).toEqual([[5, 5], [4, 4], [3, 3]]); // prettier-ignore
  });

  it('stays finite with logits of any size', () => {
    const { spans, none } = bestSpans([1e4, 0, -1e4], [1e4, 0, 1e4], { first: 2, count: 1, longest: 5 });
    expect([spans[0].probability, none]).toEqual([0, 0.5]);
  });
});
