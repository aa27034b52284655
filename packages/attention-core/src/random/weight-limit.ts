import * as tf from '@tensorflow/tfjs';

/** The most that a model may consist of. */
export interface WeightLimit {
  /** Initial weights that may be drawn, numbers in all. */
  readonly numbers: number;
  /** How many times they may be drawn: once for each tensor. */
  readonly draws: number;
}

let left: { numbers: number; draws: number } | undefined;

/**
 * Makes a model that may be no larger than its weights will be: a config is a few words long, whatever it asks for. What is there of a model that
 * asks for more is freed.
 *
 * @param make is run at once; what it does after it has returned is not limited
 * @throws as soon as more is asked for
 *
 * @example
 * ```ts
 * import { Linear, Random, withWeightLimit } from '@heed/attention-core';
 * const make = (width: number) => new Linear({ inputs: width, outputs: width, random: new Random(1) });
 * withWeightLimit({ numbers: 100, draws: 10 }, () => make(8)); // a matrix of 64 numbers, and 8 biases
 * ```
 */
export function withWeightLimit<T>(limit: WeightLimit, make: () => T): T {
  const before = left;
  const known = new Set(Object.keys(tf.engine().state.registeredVariables));
  left = { ...limit };
  try {
    return make();
  } catch (error) {
    for (const [name, variable] of Object.entries(tf.engine().state.registeredVariables)) {
      if (!known.has(name)) variable.dispose();
    }
    throw error;
  } finally {
    left = before;
  }
}

/** Tells how many weights are about to be drawn. @throws if there are more than `withWeightLimit` allows */
export function countWeights(count: number): void {
  if (left === undefined) return;
  left.numbers -= count;
  left.draws -= 1;
  if (left.numbers >= 0 && left.draws >= 0) return;
  throw new Error('withWeightLimit: a model must be no larger than its weights, got a config that asks for more');
}
