/**
 * How well scores tell positives from negatives: the probability that a positive stands above a negative, a tie being one half.
 *
 * @throws if one of the two is empty, or a score is NaN
 *
 * @example
 * ```ts
 * import { areaUnderRoc } from '@heed/tasks';
 * areaUnderRoc([0.9, 0.4], [0.5, 0.1]); // 0.75: three of four pairs in the right order
 * ```
 */
export function areaUnderRoc(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  requireBoth('areaUnderRoc', positives, negatives);
  const sorted = ranked(positives, negatives);
  // Mann–Whitney: the sum of the positives' ranks, ties sharing their mean rank
  let ranks = 0;
  for (let first = 0; first < sorted.length;) {
    let end = first;
    while (end < sorted.length && sorted[end].score === sorted[first].score) end++;
    const tied = sorted.slice(first, end).filter(({ positive }) => positive).length;
    ranks += (tied * (first + 1 + end)) / 2;
    first = end;
  }
  return (ranks - (positives.length * (positives.length + 1)) / 2) / (positives.length * negatives.length);
}

/**
 * The mean precision at each positive, from the highest score downwards (as scikit-learn's `average_precision_score`).
 *
 * @throws as `areaUnderRoc`
 */
export function averagePrecision(positives: ArrayLike<number>, negatives: ArrayLike<number>): number {
  requireBoth('averagePrecision', positives, negatives);
  const sorted = ranked(positives, negatives).reverse();
  let [sum, found] = [0, 0];
  for (let first = 0; first < sorted.length;) {
    let end = first;
    while (end < sorted.length && sorted[end].score === sorted[first].score) end++;
    const tied = sorted.slice(first, end).filter(({ positive }) => positive).length;
    found += tied;
    sum += (tied * found) / end;
    first = end;
  }
  return sum / positives.length;
}

function ranked(positives: ArrayLike<number>, negatives: ArrayLike<number>) {
  const scored = (scores: ArrayLike<number>, positive: boolean) => Array.from(scores, (score) => ({ score, positive }));
  return [...scored(positives, true), ...scored(negatives, false)].sort((a, b) => a.score - b.score);
}

/** @throws unless there are both, and every score is a number: NaN stands nowhere in an order */
function requireBoth(owner: string, positives: ArrayLike<number>, negatives: ArrayLike<number>): void {
  if (positives.length === 0 || negatives.length === 0) {
    throw new Error(`${owner}: there must be positives and negatives, got ${positives.length} and ${negatives.length}`);
  }
  for (const [kind, scores] of Object.entries({ positives, negatives })) {
    const place = Array.from(scores).findIndex((score) => !(typeof score === 'number' && !Number.isNaN(score)));
    if (place >= 0) throw new Error(`${owner}: ${kind} must be numbers, got ${scores[place]} at ${place}`);
  }
}
