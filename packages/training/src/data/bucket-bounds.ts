import { requireIntegers } from '@heed/attention-core';

/**
 * Upper bounds of at most `count` buckets into which sizes fall, so that the sum of what each is padded to is least: few shapes, little
 * padding. The last bound is the greatest size.
 *
 * @throws if `count` is not a positive integer
 *
 * @example
 * ```ts
 * import { bucketBounds } from '@heed/training';
 * bucketBounds([2, 2, 3, 9, 10], 2); // [3, 10]
 * ```
 */
export function bucketBounds(sizes: readonly number[], count: number): number[] {
  requireIntegers('bucketBounds', { count });

  const frequencies = new Map<number, number>();
  for (const size of sizes) frequencies.set(size, (frequencies.get(size) ?? 0) + 1);
  const distinct = [...frequencies.keys()].sort((a, b) => a - b);
  const upTo = [0]; // upTo[i]: how many sizes are among the i smallest distinct ones
  for (const size of distinct) upTo.push(upTo.at(-1)! + frequencies.get(size)!);

  // least[i]: the least padded sum of the i smallest distinct sizes in the buckets so far; cuts[b][i]: where the last one begins
  let least = upTo.map((number, i) => (i === 0 ? 0 : number * distinct[i - 1]));
  const cuts = [upTo.map(() => 0)];
  for (let bucket = 1; bucket < Math.min(count, distinct.length); bucket++) {
    const next = least.map((cost, i) => ({ cost, cut: i }));
    for (let i = 1; i <= distinct.length; i++) {
      for (let cut = 0; cut < i; cut++) {
        const cost = least[cut] + (upTo[i] - upTo[cut]) * distinct[i - 1];
        if (cost < next[i].cost) next[i] = { cost, cut };
      }
    }
    least = next.map(({ cost }) => cost);
    cuts.push(next.map(({ cut }) => cut));
  }

  const bounds: number[] = [];
  for (let bucket = cuts.length - 1, i = distinct.length; i > 0; bucket--) {
    const cut = cuts[bucket][i];
    if (cut === i) continue; // this bucket was of no use
    bounds.unshift(distinct[i - 1]);
    i = cut;
  }
  return bounds;
}
