import { requireIntegers, Random } from '@heed/attention-core';
import type { RankingCase } from '../log/leave-one-out.ts';
import type { Scorer } from './scorer.ts';

/**
 * Where an item stands among others of the same score: 'best' before them, 'worst' after them, 'index' by their order in the log, a seed in between
 * by chance. Many models tie; the rule can double or halve a figure.
 */
export type TieRule = 'best' | 'worst' | 'index' | { readonly seed: number };

export interface RankOptions {
  /** How many items of a list count. Default 10. */
  readonly at?: number;
  /** Whether items of the history are left out of the list. Default true. */
  readonly removeSeen?: boolean;
  /** Default 'best'. */
  readonly ties?: TieRule;
  /** Histories that are scored at once. Default 128. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * How well a list of items ends with what came next. The mode is part of the type: figures among all items and among a sample are not compared, nor
 * averaged, for a sample makes every model look better, and some more than others (Krichene & Rendle 2020).
 */
export interface RankMetrics<Mode extends string> {
  readonly mode: Mode;
  readonly at: number;
  readonly seen: 'removed' | 'kept';
  readonly ties: TieRule;
  /** HR@at: fraction of cases whose target is among the first `at`; of one target each, this is recall too. */
  readonly hitRate: number;
  /** NDCG@at: mean of 1 / log₂(1 + rank) where the rank is at most `at`. */
  readonly ndcg: number;
  /** Mean of 1 / rank, over the whole list. */
  readonly meanReciprocalRank: number;
  /** The target's rank in each case, counted from 1. */
  readonly ranks: Int32Array;
}

/** Among all items. */
export type FullRank = RankMetrics<'full-rank'>;
/** Among the target and 100 items that are drawn by the seed. */
export type Sampled100 = RankMetrics<'sampled-100'>;

/**
 * Ranks every case's target among all items.
 *
 * @throws if there are no cases, a score is not a number, or an option is out of range
 *
 * @example
 * ```ts
 * import { fullRank, InteractionLog, leaveOneOut, Popularity } from '@heed/recsys';
 * const rows = ['ab', 'abc', 'bca', 'cab'].flatMap((items, user) => [...items].map((item) => ({ user, item })));
 * const { beforeTest, test } = leaveOneOut(InteractionLog.from(rows));
 * const { hitRate, ndcg } = await fullRank(new Popularity(beforeTest, 3), test, { at: 1 });
 * ```
 */
export function fullRank(scorer: Scorer, cases: readonly RankingCase[], options: RankOptions = {}): Promise<FullRank> {
  return rankItems('fullRank', 'full-rank', scorer, cases, options, () => undefined);
}

/**
 * Ranks every case's target among itself and 100 others that the user has not met, drawn with equal chances, the same for the same seed. For
 * comparison with papers that do so; `fullRank` says how good a recommender is.
 *
 * @throws as `fullRank`
 */
export function sampledRank(
  scorer: Scorer,
  cases: readonly RankingCase[],
  { seed, ...options }: RankOptions & { readonly seed: number },
): Promise<Sampled100> {
  const random = new Random(seed);
  return rankItems('sampledRank', 'sampled-100', scorer, cases, options, ({ user, history, target }) => {
    const draws = random.fork(`user ${user}`);
    const never = new Set([...history, target]);
    const free = Math.min(100, scorer.items - never.size);
    const chosen = new Set<number>();
    while (chosen.size < free) {
      const [draw] = draws.uniforms(1);
      const item = Math.min(Math.floor(draw * scorer.items), scorer.items - 1);
      if (!never.has(item)) chosen.add(item);
    }
    return chosen;
  });
}

async function rankItems<Mode extends string>(
  owner: string,
  mode: Mode,
  scorer: Scorer,
  cases: readonly RankingCase[],
  { at = 10, removeSeen = true, ties = 'best', batchSize = 128, signal }: RankOptions,
  candidates: (given: RankingCase) => ReadonlySet<number> | undefined,
): Promise<RankMetrics<Mode>> {
  if (cases.length === 0) throw new Error(`${owner}: at least one case is needed, got none`);
  requireIntegers(owner, { at, batchSize });
  const chance = typeof ties === 'object' ? new Random(ties.seed) : undefined;
  const ranks = new Int32Array(cases.length);
  for (let first = 0; first < cases.length; first += batchSize) {
    signal?.throwIfAborted();
    const some = cases.slice(first, first + batchSize);
    const scores = await scorer.score(some.map(({ history }) => history));
    for (const [i, given] of some.entries()) {
      const own = scores.subarray(i * scorer.items, (i + 1) * scorer.items);
      const { above, equalBefore, equal } = countAround(owner, own, given, removeSeen, candidates(given));
      const tied = ties === 'best' ? 0 : ties === 'worst' ? equal : ties === 'index' ? equalBefore : undefined;
      // among n equal ones every place is as likely as another
      const drawn = chance && Math.floor(chance.fork(`user ${given.user}`).uniforms(1)[0] * (equal + 1));
      ranks[first + i] = 1 + above + (tied ?? drawn!);
    }
  }
  const mean = (value: (rank: number) => number) => ranks.reduce((sum, rank) => sum + value(rank), 0) / ranks.length;
  return {
    mode,
    at,
    seen: removeSeen ? 'removed' : 'kept',
    ties,
    hitRate: mean((rank) => (rank <= at ? 1 : 0)),
    ndcg: mean((rank) => (rank <= at ? 1 / Math.log2(1 + rank) : 0)),
    meanReciprocalRank: mean((rank) => 1 / rank),
    ranks,
  };
}

/** How many items stand above the target, and how many beside it; an item of the history counts once at most, the target never. */
function countAround(
  owner: string,
  scores: Float32Array,
  { user, history, target }: RankingCase,
  removeSeen: boolean,
  candidates: ReadonlySet<number> | undefined,
): { above: number; equal: number; equalBefore: number } {
  const wanted = scores[target];
  if (Number.isNaN(wanted)) throw new Error(`${owner}: scores must be numbers, got NaN for user ${user}`);
  const counts = { above: 0, equal: 0, equalBefore: 0 };
  const seen = removeSeen ? new Set(history) : undefined;
  const count = (item: number) => {
    if (item === target || seen?.has(item) === true) return;
    const score = scores[item];
    if (Number.isNaN(score)) throw new Error(`${owner}: scores must be numbers, got NaN for user ${user}`);
    if (score > wanted) counts.above++;
    if (score !== wanted) return;
    counts.equal++;
    if (item < target) counts.equalBefore++;
  };
  if (candidates === undefined) for (let item = 0; item < scores.length; item++) count(item);
  else for (const item of candidates) count(item);
  return counts;
}
