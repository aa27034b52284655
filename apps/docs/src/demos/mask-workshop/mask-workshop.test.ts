import { describe, expect, it } from 'vitest';
import { MASK_NAMES } from './mask-names.ts';
import { maskWorkshop, type MaskWorkshopOptions } from './mask-workshop.ts';

const base: MaskWorkshopOptions = {
  first: 'causal',
  notFirst: false,
  second: 'none',
  notSecond: false,
  join: 'and',
  length: 8,
  block: 4,
};

describe('maskWorkshop', () => {
  it('shows each query its own and earlier keys under a causal mask, and skips the block above the diagonal', () => {
    const { allowed, blocks, skipped } = maskWorkshop(base);
    for (let q = 0; q < 8; q++) for (let k = 0; k < 8; k++) expect(allowed[8 * q + k]).toBe(k <= q ? 1 : 0);
    expect(blocks).toEqual(['mixed', 'empty', 'full', 'mixed']);
    expect(skipped).toBe(0.25);
  });

  it('turns a mask round, and joins two', () => {
    const future = maskWorkshop({ ...base, notFirst: true });
    expect([...future.allowed].reduce((sum, one) => sum + one)).toBe(28);
    const nothing = maskWorkshop({ ...base, second: 'causal', notSecond: true });
    expect([...nothing.allowed].every((one) => one === 0)).toBe(true);
    const everything = maskWorkshop({ ...base, second: 'causal', notSecond: true, join: 'or' });
    expect([...everything.allowed].every((one) => one === 1)).toBe(true);
  });

  it.each(MASK_NAMES)('draws %s', (first) => {
    const { allowed, description } = maskWorkshop({ ...base, first, length: 24 });
    const seen = [...allowed].reduce((sum, one) => sum + one, 0);
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(24 * 24);
    expect(description).not.toBe('');
  });
});
