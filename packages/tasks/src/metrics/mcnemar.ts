/** How two classifiers differ on the same texts. */
export interface PairedComparison {
  /** Texts that the first alone told right. */
  readonly onlyFirst: number;
  /** Texts that the second alone told right. */
  readonly onlySecond: number;
  /** How likely a difference as large or larger is if neither is better. */
  readonly p: number;
}

/**
 * McNemar's exact test (McNemar 1947; the two-sided sign test on the texts on which two classifiers differ): with n such texts, k of them told right
 * by the less often right one, p = 2 · Σ_{i ≤ k} C(n, i) / 2ⁿ, at most 1.
 *
 * @param first whether the first told each text right
 * @param second the same of the second, in the same order
 * @throws if they are not of as many texts
 *
 * @example
 * ```ts
 * import { mcnemar } from '@heed/tasks';
 * mcnemar([true, true, true, true], [false, false, false, true]); // { onlyFirst: 3, onlySecond: 0, p: 0.25 }
 * ```
 */
export function mcnemar(first: readonly boolean[], second: readonly boolean[]): PairedComparison {
  if (first.length !== second.length) {
    throw new Error(`mcnemar: both must be of the same texts, got ${first.length} and ${second.length}`);
  }
  const onlyFirst = first.filter((right, i) => right && !second[i]).length;
  const onlySecond = second.filter((right, i) => right && !first[i]).length;
  const n = onlyFirst + onlySecond;
  // in logarithms: 2ⁿ overflows
  let log = -n * Math.LN2;
  let tail = 0;
  for (let i = 0; i <= Math.min(onlyFirst, onlySecond); i++) {
    tail += Math.exp(log);
    log += Math.log((n - i) / (i + 1));
  }
  return { onlyFirst, onlySecond, p: Math.min(1, 2 * tail) };
}
