import { describe, expect, it } from 'vitest';
import { requireIntegers } from './require-integers.ts';

describe('requireIntegers', () => {
  it.each([
    [{ heads: 0 }, undefined, 'f: heads must be a positive integer, got 0'],
    [{ heads: 2, width: 1.5 }, undefined, 'f: width must be a positive integer, got 1.5'],
    [{ heads: undefined as never }, undefined, 'f: heads must be a positive integer, got undefined'],
    [{ heads: NaN }, undefined, 'f: heads must be a positive integer, got NaN'],
    [{ heads: 2 ** 53 }, undefined, `f: heads must be a positive integer, got ${2 ** 53}`],
    [{ examples: -1 }, 0, 'f: examples must be an integer of at least 0, got -1'],
  ])('refuses %j (at least %s)', (values, minimum, message) => {
    expect(() => requireIntegers('f', values, minimum)).toThrow(message);
  });

  it('takes values from the minimum on', () => {
    expect(() => requireIntegers('f', { heads: 1, width: 64 })).not.toThrow();
    expect(() => requireIntegers('f', { examples: 0 }, 0)).not.toThrow();
  });
});
