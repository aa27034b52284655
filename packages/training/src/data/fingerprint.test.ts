import { describe, expect, it } from 'vitest';
import { fingerprint } from './fingerprint.ts';

describe('fingerprint', () => {
  it('is FNV-1a over whole numbers', () => {
    // The published test vectors of 32-bit FNV-1a, of the bytes of "", "a" and "foobar".
    expect(fingerprint([])).toBe('811c9dc5');
    expect(fingerprint(Buffer.from('a'))).toBe('e40c292c');
    expect(fingerprint(Buffer.from('foobar'))).toBe('bf9cf968');
  });

  it('tells order, signs, fractions and sizes apart', () => {
    const lists = [[1, 2], [2, 1], [-1, 2], [1.5, 2], [1.25, 2], [1 + 2 ** 32, 2], [NaN, 2], [Infinity, 2], [1]];
    expect(new Set(lists.map((list) => fingerprint(list))).size).toBe(lists.length);
  });
});
