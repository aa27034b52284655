import { Random } from '@heed/attention-core';

/** Digits in any order, and in order. */
export interface SortingProblem {
  readonly question: readonly number[];
  readonly answer: readonly number[];
}

export interface SortingOptions {
  /** Digits in a sequence. Default 6. */
  readonly length?: number;
  /** How many digits there are: 0 … digits − 1. Default 3. */
  readonly digits?: number;
  /** Share of all sequences that is held out. Default a quarter. */
  readonly heldOut?: number;
  readonly seed: number;
}

/**
 * All sequences of digits with the same in order, divided into those to learn from and those held out: minGPT's demonstration.
 *
 * @throws if an option is out of range, naming it and its value
 *
 * @example
 * ```ts
 * import { sortingProblems } from '@heed/nlp';
 * const { train, test } = sortingProblems({ seed: 1 });
 * console.log(train.length, test.length); // 547 182
 * console.log(train[0]); // { question: [ … ], answer: [ … ] }
 * ```
 */
export function sortingProblems({ length = 6, digits = 3, heldOut = 0.25, seed }: SortingOptions): {
  readonly train: readonly SortingProblem[];
  readonly test: readonly SortingProblem[];
} {
  for (const [name, value] of Object.entries({ length, digits })) {
    if (!Number.isInteger(value) || value < 1 || value > 10) {
      throw new Error(`sortingProblems: ${name} must be an integer from 1 to 10, got ${value}`);
    }
  }
  if (digits ** length > 1e6) {
    throw new Error(`sortingProblems: there must be at most a million sequences, got ${digits}^${length}`);
  }
  if (!(heldOut > 0 && heldOut < 1)) throw new Error(`sortingProblems: heldOut must be in (0, 1), got ${heldOut}`);
  const all = Array.from({ length: digits ** length }, (_, index) => {
    const question = Array.from({ length }, (_, place) => Math.floor(index / digits ** place) % digits);
    return { question, answer: [...question].sort((a, b) => a - b) };
  });
  const shuffled = new Random(seed).shuffle(all);
  const test = Math.floor(all.length * heldOut);
  return { test: shuffled.slice(0, test), train: shuffled.slice(test) };
}
