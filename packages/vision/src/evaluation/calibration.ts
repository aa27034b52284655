/** How far probabilities are what they say. */
export interface Calibration {
  /** The mean over 15 equal bins of |share of right answers − probability of the likeliest class|, weighted by their sizes (Guo et al. 2017). */
  readonly expectedCalibrationError: number;
  /** The mean of Σ (p − 1 of the true class, p of the others)². */
  readonly brier: number;
  /** Of each bin that is not empty: mean probability, share of right answers, number of pictures. */
  readonly bins: readonly { readonly probability: number; readonly accuracy: number; readonly examples: number }[];
}

const BINS = 15;

/**
 * Compares probabilities with what was right.
 *
 * @param probabilities of every class, for each picture @param labels the index of the true class of each
 * @throws if there is no picture, or there are not as many labels
 *
 * @example
 * ```ts
 * import { calibration } from '@heed/vision';
 * calibration([[0.9, 0.1], [0.9, 0.1]], [0, 1]).expectedCalibrationError; // half are right: |0.5 − 0.9|
 * ```
 */
export function calibration(probabilities: readonly ArrayLike<number>[], labels: readonly number[]): Calibration {
  const count = probabilities.length;
  if (count === 0 || labels.length !== count) {
    throw new Error(
      `calibration: there must be as many labels as pictures, and at least one, got ${labels.length} and ${count}`,
    );
  }
  const bins = Array.from({ length: BINS }, () => ({ probability: 0, right: 0, examples: 0 }));
  let brier = 0;
  for (const [i, given] of probabilities.entries()) {
    const values = Array.from(given);
    const most = Math.max(...values);
    const bin = bins[Math.min(BINS - 1, Math.max(0, Math.ceil(most * BINS) - 1))];
    bin.probability += most;
    bin.right += values.indexOf(most) === labels[i] ? 1 : 0;
    bin.examples++;
    brier += values.reduce((sum, value, c) => sum + (value - (c === labels[i] ? 1 : 0)) ** 2, 0) / count;
  }
  const filled = bins.filter(({ examples }) => examples > 0);
  return {
    expectedCalibrationError: filled.reduce(
      (sum, { probability, right }) => sum + Math.abs(right - probability) / count,
      0,
    ),
    brier,
    bins: filled.map(({ probability, right, examples }) => ({
      probability: probability / examples,
      accuracy: right / examples,
      examples,
    })),
  };
}

/** Temperatures are looked for between its inverse and this. */
const MOST = 100;

/**
 * The temperature by which logits must be divided to make the true classes likeliest (Guo et al. 2017). The loss is convex in 1/T: its slope is halved in
 * on. Classes that are all told right want a temperature of 0: it ends at 0.01, and at 100 above.
 *
 * @param logits of every class, for each picture
 */
export function fitTemperature(logits: readonly ArrayLike<number>[], labels: readonly number[]): number {
  /** The loss's slope by β = 1/T: Σ (Σ p·logit − the true class's logit). */
  const slope = (beta: number) => {
    let sum = 0;
    for (const [i, given] of logits.entries()) {
      const values = Array.from(given);
      const most = Math.max(...values);
      const weights = values.map((value) => Math.exp(beta * (value - most)));
      const total = weights.reduce((part, weight) => part + weight, 0);
      sum += values.reduce((part, value, c) => part + (value * weights[c]) / total, 0) - values[labels[i]];
    }
    return sum;
  };
  let [low, high] = [-Math.log(MOST), Math.log(MOST)];
  if (slope(1) === 0) return 1; // nothing is known of it
  if (slope(Math.exp(low)) >= 0) return MOST;
  if (slope(Math.exp(high)) <= 0) return 1 / MOST;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) < 0) low = middle;
    else high = middle;
  }
  return Math.exp(-(low + high) / 2);
}
