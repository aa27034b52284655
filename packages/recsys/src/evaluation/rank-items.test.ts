import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullRank, sampledRank } from './rank-items.ts';

/** The same scores for everybody. */
const scorer = (...scores: number[]) => ({
  items: scores.length,
  score: (histories: readonly Int32Array[]) => Float32Array.from(histories.flatMap(() => scores)),
});
const given = (target: number, ...history: number[]) => [{ user: 0, history: Int32Array.from(history), target }];

describe('fullRank', () => {
  it('ranks among all items: hit rate, NDCG and reciprocal rank by hand', async () => {
    const cases = [...given(1, 4), ...given(3, 4)]; // ranks 2 and 4
    const metrics = await fullRank(scorer(4, 3, 2, 1, 0), cases, { at: 2 });
    expect([...metrics.ranks]).toEqual([2, 4]);
    expect(metrics).toMatchObject({ mode: 'full-rank', at: 2, seen: 'removed', ties: 'best', hitRate: 0.5 });
    expect(metrics.ndcg).toBeCloseTo(1 / Math.log2(3) / 2, 12);
    expect(metrics.meanReciprocalRank).toBeCloseTo((1 / 2 + 1 / 4) / 2, 12);
  });

  it('leaves out what was seen, each item once, but never the target', async () => {
    const ranks = async (removeSeen: boolean, ...history: number[]) =>
      (await fullRank(scorer(4, 3, 2, 1), given(2, ...history), { removeSeen })).ranks[0];
    expect([await ranks(true, 0, 0), await ranks(false, 0, 0), await ranks(true, 2, 1)]).toEqual([2, 3, 2]);
  });

  it('places equal scores by the rule', async () => {
    const rank = async (ties: Parameters<typeof fullRank>[2]) =>
      (await fullRank(scorer(1, 1, 1, 2), given(1), ties)).ranks[0];
    expect(await rank({ ties: 'best' })).toBe(2);
    expect(await rank({ ties: 'worst' })).toBe(4);
    expect(await rank({ ties: 'index' })).toBe(3);
    const drawn = await Promise.all(Array.from({ length: 60 }, (_, seed) => rank({ ties: { seed } })));
    expect(new Set(drawn)).toEqual(new Set([2, 3, 4]));
    expect(await rank({ ties: { seed: 5 } })).toBe(drawn[5]);
  });

  it('agrees with sorting, on any scores without ties', async () => {
    const scores = fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(scores, fc.nat(), async (values, chosen) => {
        const target = chosen % values.length;
        const sorted = [...values].sort((a, b) => b - a);
        const { ranks } = await fullRank(scorer(...values), given(target));
        expect(ranks[0]).toBe(1 + sorted.indexOf(values[target]));
      }),
    );
  });

  it('refuses no cases and scores that are no numbers', async () => {
    await expect(fullRank(scorer(1), [])).rejects.toThrow('fullRank: at least one case is needed, got none');
    await expect(fullRank(scorer(1, NaN), given(0))).rejects.toThrow(
      'fullRank: scores must be numbers, got NaN for user 0',
    );
    await expect(fullRank(scorer(1, 2), given(0), { at: 0 })).rejects.toThrow(
      'fullRank: at must be a positive integer, got 0',
    );
  });
});

describe('sampledRank', () => {
  it('ranks among 100 others that a seed decides, none of them seen', async () => {
    const falling = scorer(...Array.from({ length: 1000 }, (_, item) => -item));
    const rank = async (seed: number) => (await sampledRank(falling, given(500, 0, 1, 2), { seed })).ranks[0];
    expect(await rank(1)).toBe(await rank(1));
    const ranks = await Promise.all(Array.from({ length: 40 }, (_, seed) => rank(seed)));
    const mean = ranks.reduce((sum, value) => sum + value, 0) / 40;
    // half of the others are ahead; 40 means of 100 fair coins lie within 4 of 51
    expect(Math.abs(mean - 51)).toBeLessThan(4);
  });

  it('takes all there are where there are fewer than 100', async () => {
    expect((await sampledRank(scorer(3, 2, 1), given(2, 1), { seed: 1 })).ranks[0]).toBe(2);
  });
});
