import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketBounds } from './bucket-bounds.ts';

const padded = (sizes: readonly number[], bounds: readonly number[]) =>
  sizes.reduce((sum, size) => sum + bounds.find((bound) => size <= bound)!, 0);

/** The least padding by trying every choice of bounds. */
function leastByTrying(sizes: readonly number[], count: number): number {
  const distinct = [...new Set(sizes)].sort((a, b) => a - b);
  const greatest = distinct.pop()!;
  const choices = distinct.reduce<number[][]>((sets, bound) => [...sets, ...sets.map((set) => [...set, bound])], [[]]);
  return Math.min(...choices.filter((set) => set.length < count).map((set) => padded(sizes, [...set, greatest])));
}

describe('bucketBounds', () => {
  it('finds the gap', () => {
    expect(bucketBounds([2, 2, 3, 9, 10], 2)).toEqual([3, 10]);
  });

  it('pads no more than the best choice of bounds does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (sizes, count) => {
          const bounds = bucketBounds(sizes, count);
          expect(bounds.length).toBeLessThanOrEqual(count);
          expect(padded(sizes, bounds)).toBe(leastByTrying(sizes, count));
        },
      ),
      { seed: 7 },
    );
  });

  it('refuses no buckets', () => {
    expect(() => bucketBounds([1], 0)).toThrow('bucketBounds: count must be a positive integer, got 0');
  });
});
