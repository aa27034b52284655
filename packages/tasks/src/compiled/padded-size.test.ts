import { describe, expect, it } from 'vitest';
import { paddedSize } from './padded-size.ts';

describe('paddedSize', () => {
  it('is never smaller than the size, and at most an eighth larger above 64', () => {
    for (let size = 1; size <= 5000; size++) {
      const padded = paddedSize(size);
      expect(padded).toBeGreaterThanOrEqual(size);
      expect(padded).toBeLessThan(size <= 64 ? size + 8 : size * 1.125);
    }
  });

  it('gives few shapes: 8 up to 64, and 8 more for every doubling', () => {
    const shapes = (largest: number) => new Set(Array.from({ length: largest }, (_, i) => paddedSize(i + 1))).size;
    expect([64, 128, 512, 4096].map(shapes)).toEqual([8, 16, 32, 56]);
  });
});
