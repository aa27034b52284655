import { requireIntegers } from '../../arguments/require-integers.ts';
import type { Random } from '../../random/random.ts';

export interface PerturbationOptions {
  /** How much each feature (token, patch, neighbour) is said to matter. */
  readonly importance: readonly number[];
  /**
   * The model's score of its decision for inputs of which only some features are kept: one number for each list of flags, each list
   * as long as `importance`. How a feature is taken away (mask, mean, blur) is the caller's choice.
   */
  readonly score: (kept: readonly (readonly boolean[])[]) => readonly number[] | Promise<readonly number[]>;
  /** In how many steps features are taken away or added. Default: one feature a step, at most 100 steps. */
  readonly steps?: number;
}

export interface PerturbationCurve {
  /** Share of features taken away (deletion) or added (insertion): 0 … 1. */
  readonly fractions: readonly number[];
  readonly scores: readonly number[];
  /** Area under the curve by the trapezoid rule. */
  readonly area: number;
}

/**
 * Deletion (Petsiuk et al. 2018, RISE): the score while features are taken away, the most important first. If the importance is
 * faithful the score falls at once: the smaller the area the better.
 *
 * @throws if there is no feature, an importance is not finite or `score` gives another number of scores than it was asked for
 *
 * @example
 * ```ts
 * import { deletionCurve } from '@heed/attention-core';
 * const importance = [3, 1];
 * // a model that sums what it is given
 * const score = (kept: readonly (readonly boolean[])[]) =>
 *   kept.map((flags) => flags.reduce((sum, flag, i) => sum + (flag ? importance[i] : 0), 0));
 * const { scores, area } = await deletionCurve({ importance, score }); // [4, 1, 0], (4 + 1)/4 + (1 + 0)/4
 * ```
 */
export function deletionCurve(options: PerturbationOptions): Promise<PerturbationCurve> {
  return perturb('deletionCurve', options, byImportance(options.importance), 'delete');
}

/**
 * Insertion (Petsiuk et al. 2018): the score while features are added to an empty input, the most important first. The greater the
 * area the better. Options and errors as `deletionCurve`.
 */
export function insertionCurve(options: PerturbationOptions): Promise<PerturbationCurve> {
  return perturb('insertionCurve', options, byImportance(options.importance), 'insert');
}

export interface FaithfulnessReport {
  readonly deletion: PerturbationCurve;
  readonly insertion: PerturbationCurve;
  /** Mean areas over random orders: an importance that is no better than chance gives these. */
  readonly chance: { readonly deletion: number; readonly insertion: number };
}

/**
 * Deletion and insertion beside the same for random orders, without which neither area says anything.
 *
 * @param options.orders how many random orders. Default 10
 */
export async function faithfulness(
  options: PerturbationOptions & { readonly random: Random; readonly orders?: number },
): Promise<FaithfulnessReport> {
  const { random, orders = 10 } = options;
  requireIntegers('faithfulness', { orders });

  const chance = { deletion: 0, insertion: 0 };
  const features = options.importance.map((_, i) => i);
  for (let i = 0; i < orders; i++) {
    const order = random.shuffle(features);
    chance.deletion += (await perturb('faithfulness', options, order, 'delete')).area / orders;
    chance.insertion += (await perturb('faithfulness', options, order, 'insert')).area / orders;
  }
  return { deletion: await deletionCurve(options), insertion: await insertionCurve(options), chance };
}

async function perturb(
  owner: string,
  { importance, score, steps = Math.min(100, importance.length) }: PerturbationOptions,
  order: readonly number[],
  direction: 'delete' | 'insert',
): Promise<PerturbationCurve> {
  const features = importance.length;
  if (features === 0) throw new Error(`${owner}: importance must have at least one feature, got none`);
  const wrong = importance.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new Error(`${owner}: importance must be finite, got ${wrong}`);
  requireIntegers(owner, { steps });
  const rank = Array.from({ length: features }, () => 0);
  order.forEach((feature, place) => (rank[feature] = place));
  const moved = Array.from({ length: steps + 1 }, (_, step) => Math.round((step * features) / steps));
  const scores = await score(moved.map((count) => rank.map((place) => place < count === (direction === 'insert'))));
  if (scores.length !== moved.length) {
    throw new Error(`${owner}: score must give one number for each of ${moved.length} inputs, got ${scores.length}`);
  }
  const fractions = moved.map((count) => count / features);
  const area = scores
    .slice(1)
    .reduce((sum, value, i) => sum + ((value + scores[i]) / 2) * (fractions[i + 1] - fractions[i]), 0);
  return { fractions, scores: [...scores], area };
}

/** Features from the most important to the least; equal ones in their order. */
function byImportance(importance: readonly number[]): number[] {
  return importance.map((_, i) => i).sort((a, b) => importance[b] - importance[a] || a - b);
}
