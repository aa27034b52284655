import { describe, expect, it } from 'vitest';
import { pairedBootstrap } from './paired-bootstrap.ts';
import type { FullRank } from './rank-items.ts';

const metrics = (ranks: number[], ties: FullRank['ties'] = 'best'): FullRank => ({
  mode: 'full-rank',
  at: 10,
  seen: 'removed',
  ties,
  hitRate: 0,
  ndcg: 0,
  meanReciprocalRank: 0,
  ranks: Int32Array.from(ranks),
});

describe('pairedBootstrap', () => {
  it('gives the mean difference, and an interval as wide as the normal one of many cases', () => {
    // 400 cases: 120 of 1 against 0, the rest equal; the mean is 0.3, its deviation √(0.3 · 0.7 / 400)
    const a = metrics(Array.from({ length: 400 }, (_, i) => (i < 120 ? 1 : 99)));
    const { difference, interval } = pairedBootstrap(a, metrics(Array<number>(400).fill(99)), { seed: 1 });
    expect(difference).toBeCloseTo(0.3, 12);
    const half = 1.96 * Math.sqrt((0.3 * 0.7) / 400);
    // 2,000 draws tell a quantile to some 0.003
    expect(Math.abs(interval[0] - (0.3 - half))).toBeLessThan(0.006);
    expect(Math.abs(interval[1] - (0.3 + half))).toBeLessThan(0.006);
  });

  it('refuses metrics of other cases or rules', () => {
    expect(() => pairedBootstrap(metrics([1]), metrics([1, 2]), { seed: 1 })).toThrow(
      'cases must be the same, got 1 and 2',
    );
    expect(() => pairedBootstrap(metrics([1]), metrics([1], 'worst'), { seed: 1 })).toThrow(
      'pairedBootstrap: ties must be the same, got "best", "worst"',
    );
  });
});
