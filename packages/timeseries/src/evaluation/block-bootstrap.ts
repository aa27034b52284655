import { Random } from '@heed/attention-core';

export interface BlockDifference {
  /** Mean of the first's errors less the second's: below 0 the first is better. */
  readonly difference: number;
  /** Between these lie 95 % of what other stretches of the same kind would have shown. */
  readonly interval: readonly [low: number, high: number];
}

/**
 * How much smaller one forecaster's errors are than another's from the same origins, with an interval. Forecasts from neighbouring origins are nearly the
 * same, so whole blocks of origins are drawn anew with replacement, both forecasters' together, going round at the end (circular block bootstrap, Politis &
 * Romano 1992).
 *
 * @param a an error for each origin, in order of time
 * @param block origins in a block: at least as many as the steps that two forecasts share
 * @throws if there are no errors, they are of other origins, or a block is not between 1 and their number
 *
 * @example
 * ```ts
 * import { blockBootstrap } from '@heed/timeseries';
 * blockBootstrap([1, 2, 1, 2], [2, 3, 2, 3], { block: 2, seed: 1 }); // difference −1, interval [−1, −1]
 * ```
 */
export function blockBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { block, seed, draws = 2000 }: { readonly block: number; readonly seed: number; readonly draws?: number },
): BlockDifference {
  const count = a.length;
  if (count === 0 || b.length !== count) {
    throw new Error(`blockBootstrap: errors must be of the same origins, got ${a.length} and ${b.length}`);
  }
  if (!Number.isSafeInteger(block) || block < 1 || block > count) {
    throw new Error(`blockBootstrap: block must be between 1 and the ${count} origins, got ${block}`);
  }
  const differences = Float64Array.from({ length: count }, (_, i) => a[i] - b[i]);
  // sums from the beginning, twice round: a block's sum is a difference of two
  const sums = new Float64Array(2 * count + 1);
  for (let i = 0; i < 2 * count; i++) sums[i + 1] = sums[i] + differences[i % count];
  const random = new Random(seed);
  const blocks = Math.ceil(count / block);
  const means = Array.from({ length: draws }, () => {
    const starts = random.uniforms(blocks);
    let sum = 0;
    let left = count;
    for (const draw of starts) {
      const start = Math.min(count - 1, Math.floor(draw * count));
      const length = Math.min(block, left);
      sum += sums[start + length] - sums[start];
      left -= length;
    }
    return sum / count;
  }).sort((x, y) => x - y);
  return {
    difference: sums[count] / count,
    interval: [means[Math.floor(0.025 * draws)], means[Math.ceil(0.975 * draws) - 1]],
  };
}
