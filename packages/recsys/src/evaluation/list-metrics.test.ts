import { describe, expect, it } from 'vitest';
import { listMetrics } from './list-metrics.ts';

describe('listMetrics', () => {
  it('measures coverage, novelty, concentration and the share of popular items by hand', () => {
    const counts = [8, 4, 4, 0, 0, 0, 0, 0, 0, 0]; // 16 interactions
    const one = listMetrics([[0], [0]], counts);
    expect(one).toEqual({ coverage: 0.1, novelty: 1, gini: 0.9, popularShare: 1 });
    const two = listMetrics(
      [
        [0, 1],
        [2, 3],
      ],
      counts,
    );
    expect(two.coverage).toBe(0.4);
    expect(two.novelty).toBeCloseTo((1 + 2 + 2 + 5) / 4, 12); // an item of no interactions counts as half of one
    expect(two.popularShare).toBe(0.25);
    const all = listMetrics([counts.map((_, item) => item)], counts);
    expect(all.gini).toBeCloseTo(0, 12);
  });

  it('refuses unknown items and no lists', () => {
    expect(() => listMetrics([[3]], [1, 2])).toThrow('listMetrics: items must be in [0, 2), got 3');
    expect(() => listMetrics([], [1])).toThrow('listMetrics: at least one recommendation is needed, got none');
  });
});
