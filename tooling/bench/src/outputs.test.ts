import { describe, expect, it } from 'vitest';
import { disagreement } from './outputs.ts';

describe('what two contenders give', () => {
  const outputs = { numbers: [1, -2], texts: ['a', 'b'] };

  it('agrees where numbers are close, relative to the largest, and texts are equal', () => {
    expect(disagreement({ ...outputs, numbers: [1.001, -2] }, outputs, { within: 1e-3 })).toBeUndefined();
    expect(disagreement({ ...outputs, numbers: [1.003, -2] }, outputs, { within: 1e-3 })).toBe(
      '0.0015 of the largest number, allowed 0.001',
    );
    expect(disagreement({ ...outputs, numbers: [NaN, -2] }, outputs, { within: 1e-3 })).toContain('Infinity');
  });

  it('may have a fraction of other texts where that is allowed', () => {
    const other = { ...outputs, texts: ['a', 'c'] };
    expect(disagreement(other, outputs, { within: 0 })).toBe('1 of 2 texts, first "c" for "b"');
    expect(disagreement(other, outputs, { within: 0, otherTexts: 0.5 })).toBeUndefined();
  });

  it('differs where one gives more than the other', () => {
    expect(disagreement({ ...outputs, numbers: [1] }, outputs, { within: 1 })).toBe('1 for 2 numbers');
    expect(disagreement({ ...outputs, texts: [] }, outputs, { within: 1 })).toBe('0 for 2 texts');
  });
});
