import type { Scorer } from '../evaluation/scorer.ts';

/**
 * Items that the same users met: the sum over the history of cosines between items, each item being the set of its users (Sarwar et al. 2001), with
 * recent ones counting more.
 */
export class ItemNeighbours implements Scorer {
  private readonly usersOf: readonly Int32Array[];
  private readonly itemsOf: readonly Int32Array[];
  private readonly decay: number;

  /** @param decay how much an interaction counts against the one after it, above 0 and at most 1. Default 0.8 */
  constructor(
    histories: readonly Int32Array[],
    readonly items: number,
    { decay = 0.8 }: { readonly decay?: number } = {},
  ) {
    if (!(decay > 0 && decay <= 1))
      throw new Error(`ItemNeighbours: decay must be above 0 and at most 1, got ${decay}`);
    this.decay = decay;
    this.itemsOf = histories.map((history) => Int32Array.from(new Set(history)));
    const users: number[][] = Array.from({ length: items }, () => []);
    for (const [user, own] of this.itemsOf.entries()) for (const item of own) users[item].push(user);
    this.usersOf = users.map((list) => Int32Array.from(list));
  }

  score(histories: readonly Int32Array[]): Float32Array {
    const scores = new Float32Array(histories.length * this.items);
    for (const [row, history] of histories.entries()) {
      const own = scores.subarray(row * this.items, (row + 1) * this.items);
      for (const [place, item] of history.entries()) {
        const weight = this.decay ** (history.length - 1 - place);
        if (weight < 1e-6) continue;
        for (const user of this.usersOf[item]) {
          for (const other of this.itemsOf[user]) {
            own[other] += weight / Math.sqrt(this.usersOf[item].length * this.usersOf[other].length);
          }
        }
      }
    }
    return scores;
  }
}
