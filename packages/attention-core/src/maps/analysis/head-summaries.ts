import type { AttentionMap } from '../capture.ts';

/** What each head of a map does, in one number per head. */
export interface HeadSummaries {
  /** Mean entropy of a row in nats: 0 looks at one key, ln S at all alike. [H] */
  readonly entropy: readonly number[];
  /** Mean distance |key − query| in positions, weighted by attention (Vig & Belinkov 2019). [H] */
  readonly distance: readonly number[];
  /** Mean of a row's largest weight (Voita et al. 2019). [H] */
  readonly confidence: readonly number[];
  /** Mean Jensen–Shannon divergence of two heads' rows in nats: 0 agree, ln 2 share no key (Clark et al. 2019). [H][H] */
  readonly disagreement: readonly (readonly number[])[];
}

/**
 * Summarises the heads of a map. Rows are taken as distributions (divided by their sums); rows that are 0 throughout are left out.
 *
 * @param map non-negative weights [B, H, L, S]
 * @param options.lengths how many queries of each example are real. Default: all
 * @throws if a weight is negative or lengths do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { summariseHeads } from '@heed/attention-core';
 * const weights = tf.tensor4d([[[[0.5, 0.5]], [[1, 0]]]]); // two heads, one query, two keys
 * const { entropy, disagreement } = summariseHeads({ name: 'a', weights });
 * // entropy [ln 2, 0], disagreement between them 0.2158 nats
 * ```
 */
export function summariseHeads(
  { name, weights }: AttentionMap,
  { lengths }: { readonly lengths?: readonly number[] } = {},
): HeadSummaries {
  const [batch, heads, queries, keys] = weights.shape;
  if (lengths !== undefined && (lengths.length !== batch || lengths.some((length) => length > queries))) {
    throw new Error(
      `summariseHeads: lengths must be ${batch} numbers of at most ${queries}, as map "${name}" has, got [${lengths.join(', ')}]`,
    );
  }
  const values = weights.dataSync();
  const perHead = () => Array.from({ length: heads }, () => new Mean());
  const [entropies, distances, confidences] = [perHead(), perHead(), perHead()];
  const divergences = Array.from({ length: heads }, perHead);
  for (let b = 0; b < batch; b++) {
    for (let q = 0; q < (lengths?.[b] ?? queries); q++) {
      const rows = Array.from({ length: heads }, (_, h) => {
        const start = ((b * heads + h) * queries + q) * keys;
        return toDistribution(values.subarray(start, start + keys), name);
      });
      rows.forEach((row, h) => {
        if (row === undefined) return;
        entropies[h].add(entropy(row));
        distances[h].add(row.reduce((sum, weight, k) => sum + weight * Math.abs(k - q), 0));
        confidences[h].add(Math.max(...row));
        rows.forEach((other, g) => {
          if (other !== undefined) divergences[h][g].add(jensenShannon(row, other));
        });
      });
    }
  }
  const valuesOf = (means: readonly Mean[]) => means.map((mean) => mean.value());
  return {
    entropy: valuesOf(entropies),
    distance: valuesOf(distances),
    confidence: valuesOf(confidences),
    disagreement: divergences.map(valuesOf),
  };
}

class Mean {
  private sum = 0;
  private count = 0;

  add(value: number): void {
    this.sum += value;
    this.count++;
  }

  value(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }
}

function toDistribution(weights: ArrayLike<number>, name: string): number[] | undefined {
  const row = Array.from(weights);
  const wrong = row.find((weight) => !(weight >= 0));
  if (wrong !== undefined)
    throw new Error(`summariseHeads: weights of map "${name}" must not be negative, got ${wrong}`);
  const sum = row.reduce((total, weight) => total + weight, 0);
  return sum === 0 ? undefined : row.map((weight) => weight / sum);
}

function entropy(row: readonly number[]): number {
  return row.reduce((sum, weight) => (weight > 0 ? sum - weight * Math.log(weight) : sum), 0);
}

function jensenShannon(one: readonly number[], other: readonly number[]): number {
  const middle = one.map((weight, k) => (weight + other[k]) / 2);
  return Math.max(0, entropy(middle) - (entropy(one) + entropy(other)) / 2);
}
