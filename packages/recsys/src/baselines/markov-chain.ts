import type { Scorer } from '../evaluation/scorer.ts';
import { Popularity } from './popularity.ts';

/**
 * How often each item came directly after the last one of the history; of equally frequent ones the more popular is ahead. The simplest model that
 * heeds order, and on short histories hard to beat.
 */
export class MarkovChain implements Scorer {
  private readonly popularity: Popularity;
  private readonly followers: ReadonlyMap<number, ReadonlyMap<number, number>>;
  private readonly most: number;

  /** @param histories what was done, by user @param items number of items */
  constructor(
    histories: readonly Int32Array[],
    readonly items: number,
  ) {
    this.popularity = new Popularity(histories, items);
    this.most = this.popularity.counts.reduce((a, b) => Math.max(a, b), 0);
    const followers = new Map<number, Map<number, number>>();
    for (const history of histories) {
      for (let i = 1; i < history.length; i++) {
        const after = followers.get(history[i - 1]) ?? new Map<number, number>();
        followers.set(history[i - 1], after);
        after.set(history[i], (after.get(history[i]) ?? 0) + 1);
      }
    }
    this.followers = followers;
  }

  score(histories: readonly Int32Array[]): Float32Array {
    const scores = this.popularity.score(histories);
    for (const [row, history] of histories.entries()) {
      const after = this.followers.get(history.at(-1) ?? -1) ?? [];
      // one follower outweighs any popularity
      for (const [item, count] of after) scores[row * this.items + item] += count * (this.most + 1);
    }
    return scores;
  }
}
