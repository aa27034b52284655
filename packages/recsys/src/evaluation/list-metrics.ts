/** What lists of recommendations are like, whatever came next. */
export interface ListMetrics {
  /** Fraction of all items that are recommended to anybody. */
  readonly coverage: number;
  /** Mean of −log₂ of a recommended item's share of all interactions: higher is less known. */
  readonly novelty: number;
  /** Gini coefficient of how often items are recommended: 0 where all are alike, near 1 where few take all. */
  readonly gini: number;
  /** Fraction of recommendations that are among the most popular tenth of the items. */
  readonly popularShare: number;
}

/**
 * Coverage, novelty and concentration of lists.
 *
 * @param lists recommended items, a list for each user
 * @param counts how often each item was interacted with; its length is the number of items
 * @throws if there are no lists, or an item is unknown
 */
export function listMetrics(lists: readonly (readonly number[])[], counts: ArrayLike<number>): ListMetrics {
  const recommended = lists.flat();
  if (recommended.length === 0) throw new Error('listMetrics: at least one recommendation is needed, got none');
  const items = counts.length;
  const times = new Float64Array(items);
  for (const item of recommended) {
    if (!(item >= 0 && item < items)) throw new Error(`listMetrics: items must be in [0, ${items}), got ${item}`);
    times[item]++;
  }
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const byPopularity = [...times.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
  const popular = new Set(byPopularity.slice(0, Math.ceil(items / 10)));
  // an item nobody met is as new as one met by half a user
  const surprise = (item: number) => -Math.log2(Math.max(counts[item], 0.5) / total);
  const sorted = times.toSorted();
  const weighted = sorted.reduce((sum, value, i) => sum + (2 * (i + 1) - items - 1) * value, 0);
  return {
    coverage: new Set(recommended).size / items,
    novelty: recommended.reduce((sum, item) => sum + surprise(item), 0) / recommended.length,
    gini: weighted / (items * recommended.length),
    popularShare: recommended.filter((item) => popular.has(item)).length / recommended.length,
  };
}
