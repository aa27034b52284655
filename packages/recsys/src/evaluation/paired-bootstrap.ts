import { Random } from '@heed/attention-core';
import type { RankMetrics } from './rank-items.ts';

export interface PairedDifference {
  /** Mean of the first's NDCG less the second's. */
  readonly difference: number;
  /** Between these lie 95 % of what other users would have shown. */
  readonly interval: readonly [low: number, high: number];
}

/**
 * How much better one model is than another on the same cases, with an interval: cases are drawn anew with replacement, both models' together.
 *
 * @throws if the metrics are of other cases, or of another `at`, filter or tie rule
 *
 * @example
 * ```ts
 * import { pairedBootstrap, type FullRank } from '@heed/recsys';
 * const isBetter = (a: FullRank, b: FullRank) => pairedBootstrap(a, b, { seed: 1 }).interval[0] > 0;
 * ```
 */
export function pairedBootstrap<Mode extends string>(
  a: RankMetrics<Mode>,
  b: NoInfer<RankMetrics<Mode>>,
  { seed, draws = 2000 }: { readonly seed: number; readonly draws?: number },
): PairedDifference {
  for (const name of ['at', 'seen', 'ties'] as const) {
    if (JSON.stringify(a[name]) !== JSON.stringify(b[name])) {
      throw new Error(
        `pairedBootstrap: ${name} must be the same, got ${JSON.stringify(a[name])}, ${JSON.stringify(b[name])}`,
      );
    }
  }
  if (a.ranks.length !== b.ranks.length) {
    throw new Error(`pairedBootstrap: cases must be the same, got ${a.ranks.length} and ${b.ranks.length}`);
  }
  const gain = (rank: number) => (rank <= a.at ? 1 / Math.log2(1 + rank) : 0);
  const differences = Float64Array.from(a.ranks, (rank, i) => gain(rank) - gain(b.ranks[i]));
  const count = differences.length;
  const random = new Random(seed);
  const means = Array.from({ length: draws }, () => {
    const chosen = random.uniforms(count);
    let sum = 0;
    for (let i = 0; i < count; i++) sum += differences[Math.min(count - 1, Math.floor(chosen[i] * count))];
    return sum / count;
  }).sort((x, y) => x - y);
  return {
    difference: differences.reduce((sum, value) => sum + value, 0) / count,
    interval: [means[Math.floor(0.025 * draws)], means[Math.ceil(0.975 * draws) - 1]],
  };
}
