import type { Scorer } from '../evaluation/scorer.ts';

/**
 * How often each item was interacted with, whoever asks.
 *
 * @example
 * ```ts
 * import { Popularity } from '@heed/recsys';
 * new Popularity([Int32Array.of(0, 1), Int32Array.of(1)], 3).score([Int32Array.of(0)]); // Float32Array [1, 2, 0]
 * ```
 */
export class Popularity implements Scorer {
  readonly counts: Float32Array;

  /** @param histories what was done, by user @param items number of items */
  constructor(
    histories: readonly Int32Array[],
    readonly items: number,
  ) {
    this.counts = new Float32Array(items);
    for (const history of histories) for (const item of history) this.counts[item]++;
  }

  score(histories: readonly Int32Array[]): Float32Array {
    const scores = new Float32Array(histories.length * this.items);
    for (const row of histories.keys()) scores.set(this.counts, row * this.items);
    return scores;
  }
}
