import { requireIntegers } from '@heed/attention-core';

/** What a model says of each step of one sound. */
export interface CtcScores {
  /** Row-major [T, V]: log-probabilities, each row's exponentials summing to 1. */
  readonly logProbabilities: Float32Array;
  /** V. */
  readonly symbols: number;
  /** The symbol that stands for nothing. Default 0. */
  readonly blank?: number;
}

/** The likeliest symbol of each step, without repeats and blanks. @throws if there is no whole number of steps or a value is not a number */
export function ctcGreedy(scores: CtcScores): number[] {
  const { blank = 0, symbols, logProbabilities } = scores;
  const steps = stepsOf('ctcGreedy', scores);
  const found: number[] = [];
  let before = blank;
  for (let step = 0; step < steps; step++) {
    const row = logProbabilities.subarray(step * symbols, (step + 1) * symbols);
    const best = row.indexOf(row.reduce((most, value) => Math.max(most, value), -Infinity));
    if (best !== blank && best !== before) found.push(best);
    before = best;
  }
  return found;
}

export interface CtcBeamOptions {
  /** Texts that are followed at once. Default 16. */
  readonly beams?: number;
  /** What is added to a text's log-probability when it grows by a symbol: a language model's, n-grams'. Default: nothing. */
  readonly language?: (before: readonly number[], symbol: number) => number;
}

export interface CtcHypothesis {
  readonly symbols: readonly number[];
  /** Log-probability of all ways to say it, with what `language` added. */
  readonly score: number;
}

/**
 * The likeliest texts, all ways to say each being added up (Graves & Jaitly 2014, Hannun et al. 2014).
 *
 * @returns best first
 * @throws if `beams` is not a positive integer, and as `ctcGreedy`
 *
 * @example
 * ```ts
 * import { ctcBeamSearch, ctcGreedy } from '@heed/speech';
 * // nothing is likelier at each step, but all ways to say 'a' together are likelier still
 * const scores = { logProbabilities: Float32Array.of(0.6, 0.4, 0.6, 0.4).map(Math.log), symbols: 2 };
 * ctcGreedy(scores); // []
 * ctcBeamSearch(scores)[0].symbols; // [1], of probability 0.64
 * ```
 */
export function ctcBeamSearch(
  scores: CtcScores,
  { beams = 16, language = () => 0 }: CtcBeamOptions = {},
): CtcHypothesis[] {
  const { blank = 0, symbols, logProbabilities } = scores;
  requireIntegers('ctcBeamSearch', { beams });
  const steps = stepsOf('ctcBeamSearch', scores);
  let kept: Prefix[] = [{ symbols: [], blank: 0, symbol: -Infinity, added: 0 }];
  for (let step = 0; step < steps; step++) {
    const next = new Map<string, Prefix>();
    const reach = (text: readonly number[], added: number) => {
      const key = text.join(' ');
      let prefix = next.get(key);
      if (prefix === undefined) next.set(key, (prefix = { symbols: text, blank: -Infinity, symbol: -Infinity, added }));
      return prefix;
    };
    for (const prefix of kept) {
      const total = addLogs(prefix.blank, prefix.symbol);
      const last = prefix.symbols.at(-1);
      for (let symbol = 0; symbol < symbols; symbol++) {
        const said = logProbabilities[step * symbols + symbol];
        if (said === -Infinity) continue;
        if (symbol === blank) {
          const same = reach(prefix.symbols, prefix.added);
          same.blank = addLogs(same.blank, total + said);
          continue;
        }
        if (symbol === last) {
          const same = reach(prefix.symbols, prefix.added);
          same.symbol = addLogs(same.symbol, prefix.symbol + said);
        }
        const longer = [...prefix.symbols, symbol];
        const from = symbol === last ? prefix.blank : total; // between equal symbols something must be nothing
        if (from === -Infinity) continue;
        const grown = reach(longer, prefix.added + language(prefix.symbols, symbol));
        grown.symbol = addLogs(grown.symbol, from + said);
      }
    }
    kept = [...next.values()].sort((a, b) => scoreOf(b) - scoreOf(a)).slice(0, beams);
  }
  return kept.map((prefix) => ({ symbols: prefix.symbols, score: scoreOf(prefix) }));
}

/** A text, and how likely it is to end in nothing or in its last symbol. */
interface Prefix {
  readonly symbols: readonly number[];
  blank: number;
  symbol: number;
  readonly added: number;
}

function scoreOf({ blank, symbol, added }: Prefix): number {
  return addLogs(blank, symbol) + added;
}

/** ln(eᵃ + eᵇ) */
function addLogs(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === -Infinity ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** A symbol and the steps in which it was said. */
export interface AlignedSymbol {
  readonly symbol: number;
  /** The first step, and the one after the last. */
  readonly start: number;
  readonly end: number;
  /** Mean log-probability over its steps. */
  readonly logProbability: number;
}

/**
 * When each symbol of a known text was said: the likeliest of all ways to say it.
 *
 * @throws if the text does not fit the sound, or has a symbol that is none, and as `ctcGreedy`
 */
export function ctcAlign(scores: CtcScores, target: readonly number[]): AlignedSymbol[] {
  const { blank = 0, symbols, logProbabilities } = scores;
  const steps = stepsOf('ctcAlign', scores);
  const wrong = target.find((symbol) => !(symbol >= 0 && symbol < symbols) || symbol === blank);
  if (wrong !== undefined)
    throw new Error(`ctcAlign: a target must be of symbols below ${symbols} other than the blank, got ${wrong}`);
  const labels = [blank, ...target.flatMap((symbol) => [symbol, blank])];
  const states = labels.length;
  let best = new Float64Array(states).fill(-Infinity);
  const from = new Uint8Array(steps * states); // how many states were gone forward
  for (let step = 0; step < steps; step++) {
    const next = new Float64Array(states).fill(-Infinity);
    for (let state = 0; state < states; state++) {
      const leap = state > 2 && labels[state] !== blank && labels[state] !== labels[state - 2];
      const moves =
        step === 0
          ? [state < 2 ? 0 : -Infinity]
          : [best[state], best[state - 1] ?? -Infinity, leap ? best[state - 2] : -Infinity];
      if (step > 0 && state === 2) moves[2] = -Infinity;
      const most = Math.max(...moves);
      from[step * states + state] = moves.indexOf(most);
      next[state] = most + logProbabilities[step * symbols + labels[state]];
    }
    best = next;
  }
  let state = states > 1 && best[states - 2] > best[states - 1] ? states - 2 : states - 1;
  if (best[state] === -Infinity) {
    throw new Error(
      `ctcAlign: a target must fit its sound, got ${target.length} symbols (${states} states) for ${steps} steps`,
    );
  }
  const path = new Int32Array(steps);
  for (let step = steps - 1; step >= 0; step--) {
    path[step] = state;
    state -= from[step * states + state];
  }
  return target.map((symbol, place) => {
    const start = path.indexOf(2 * place + 1);
    const end = path.lastIndexOf(2 * place + 1) + 1;
    let sum = 0;
    for (let step = start; step < end; step++) sum += logProbabilities[step * symbols + symbol];
    return { symbol, start, end, logProbability: sum / (end - start) };
  });
}

function stepsOf(owner: string, { logProbabilities, symbols }: CtcScores): number {
  const steps = logProbabilities.length / symbols;
  if (!Number.isSafeInteger(steps)) {
    throw new Error(
      `${owner}: logProbabilities must be a multiple of ${symbols} symbols, got ${logProbabilities.length}`,
    );
  }
  const wrong = logProbabilities.findIndex((value) => Number.isNaN(value));
  if (wrong >= 0)
    throw new Error(`${owner}: log-probabilities must be numbers, got NaN at step ${Math.floor(wrong / symbols)}`);
  return steps;
}
