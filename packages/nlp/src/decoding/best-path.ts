import type { ChainScores } from '../layers/linear-chain-crf.ts';

/** Which label may follow which; `undefined` stands for the beginning. */
export type AllowedTransition = (from: number | undefined, to: number) => boolean;

/**
 * The likeliest sequence of labels among the allowed ones (Viterbi 1967).
 *
 * @param emissions [T][K]
 * @throws if no sequence is allowed
 *
 * @example
 * ```ts
 * import { bestPath } from '@heed/nlp';
 * const free = { transitions: [[0, 0], [0, 0]], starts: [0, 0], ends: [0, 0] };
 * bestPath([[1, 0], [0, 1]], free); // [0, 1]
 * bestPath([[1, 0], [0, 1]], free, (from, to) => from === undefined || from === to); // [0, 0]
 * ```
 */
export function bestPath(
  emissions: readonly ArrayLike<number>[],
  { transitions, starts, ends }: ChainScores,
  allowed: AllowedTransition = () => true,
): number[] {
  if (emissions.length === 0) return [];
  let best = starts.map((start, label) => (allowed(undefined, label) ? start + emissions[0][label] : -Infinity));
  const came: number[][] = [];
  for (const emission of emissions.slice(1)) {
    const previous = best;
    const origins = starts.map((_, to) => {
      let origin = 0;
      let highest = -Infinity;
      for (const [from, score] of previous.entries()) {
        if (score + transitions[from][to] > highest && allowed(from, to)) {
          highest = score + transitions[from][to];
          origin = from;
        }
      }
      return { origin, score: highest + emission[to] };
    });
    best = origins.map(({ score }) => score);
    came.push(origins.map(({ origin }) => origin));
  }
  const totals = best.map((score, label) => score + ends[label]);
  const last = totals.indexOf(Math.max(...totals));
  if (totals[last] === undefined || totals[last] === -Infinity) {
    throw new Error(`bestPath: a sequence of ${emissions.length} labels must be allowed, got none that is`);
  }
  const path = [last];
  for (const origins of came.reverse()) path.unshift(origins[path[0]]);
  return path;
}
