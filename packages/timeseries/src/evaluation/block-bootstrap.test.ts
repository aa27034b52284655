import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { blockBootstrap } from './block-bootstrap.ts';

const zeros = (count: number) => new Float64Array(count);

describe('blockBootstrap', () => {
  it('gives the mean difference, and no width where all differ alike', () => {
    expect(blockBootstrap([1, 2, 1, 2], [2, 3, 2, 3], { block: 2, seed: 1 })).toEqual({
      difference: -1,
      interval: [-1, -1],
    });
  });

  it('is as wide as theory says of independent differences', () => {
    const errors = new Random(2).normals(400);
    const { interval } = blockBootstrap(errors, zeros(400), { block: 1, seed: 1 });
    // 2 · 1.96 / √400 = 0.196; the deviation of 400 draws is known to 4 %, its quantiles of 2,000 to some 5 %
    expect(Math.abs(interval[1] - interval[0] - 0.196)).toBeLessThan(0.03);
  });

  it('is wider by blocks where neighbours are alike', () => {
    const draws = new Random(3).normals(400);
    const errors = Float64Array.from({ length: 4000 }, (_, i) => draws[Math.floor(i / 10)]); // ten times each
    const width = (block: number) => {
      const { interval } = blockBootstrap(errors, zeros(4000), { block, seed: 1, draws: 500 });
      return interval[1] - interval[0];
    };
    // 400 independent draws, not 4,000: √10 times as wide, some 4 % less since blocks of 40 cut through, give or take 10 %
    expect(width(40) / width(1)).toBeGreaterThan(2.5);
  });

  it('refuses errors of other origins, and blocks out of range', () => {
    expect(() => blockBootstrap([1], [1, 2], { block: 1, seed: 1 })).toThrow(
      'must be of the same origins, got 1 and 2',
    );
    expect(() => blockBootstrap([1, 2], [1, 2], { block: 3, seed: 1 })).toThrow(
      'block must be between 1 and the 2 origins, got 3',
    );
  });
});
