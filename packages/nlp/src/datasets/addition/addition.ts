import { Random } from '@heed/attention-core';

/** Two numbers, and their sum. */
export interface AdditionProblem {
  /** The digits of both numbers, one after the other: 85 + 50 is [8, 5, 5, 0]. */
  readonly question: readonly number[];
  /** The digits of the sum, the ones first, as they are carried: 135 is [5, 3, 1]. */
  readonly answer: readonly number[];
}

export interface AdditionOptions {
  /** Digits of each number. Default 2. */
  readonly digits?: number;
  /** Problems that are held out. Default 1000. */
  readonly heldOut?: number;
  readonly seed: number;
}

/**
 * All sums of two numbers of so many digits, divided into those to learn from and those held out: minGPT's adder.
 *
 * @throws if an option is out of range, naming it and its value
 *
 * @example
 * ```ts
 * import { additionProblems } from '@heed/nlp';
 * const { train, test } = additionProblems({ seed: 1 });
 * console.log(train.length, test.length); // 9000 1000
 * ```
 */
export function additionProblems({ digits = 2, heldOut = 1000, seed }: AdditionOptions): {
  readonly train: readonly AdditionProblem[];
  readonly test: readonly AdditionProblem[];
} {
  if (!Number.isInteger(digits) || digits < 1 || digits > 3) {
    throw new Error(`additionProblems: digits must be an integer from 1 to 3, got ${digits}`);
  }
  const below = 10 ** digits;
  if (!Number.isInteger(heldOut) || heldOut < 1 || heldOut >= below ** 2) {
    throw new Error(`additionProblems: heldOut must be an integer from 1 to ${below ** 2 - 1}, got ${heldOut}`);
  }
  const digitsOf = (number: number, count: number) => [...String(number).padStart(count, '0')].map(Number);
  const all = Array.from({ length: below ** 2 }, (_, index) => {
    const [a, b] = [Math.floor(index / below), index % below];
    return {
      question: [...digitsOf(a, digits), ...digitsOf(b, digits)],
      answer: digitsOf(a + b, digits + 1).reverse(),
    };
  });
  const shuffled = new Random(seed).shuffle(all);
  return { test: shuffled.slice(0, heldOut), train: shuffled.slice(heldOut) };
}
