import { describe, expect, it } from 'vitest';
import { ItemNeighbours } from './item-neighbours.ts';
import { MarkovChain } from './markov-chain.ts';
import { Popularity } from './popularity.ts';

const histories = [Int32Array.of(0, 1, 2), Int32Array.of(0, 1), Int32Array.of(3, 2), Int32Array.of(2)];

describe('baselines', () => {
  it('Popularity counts interactions, whoever asks', () => {
    const scores = new Popularity(histories, 5).score([Int32Array.of(0), new Int32Array()]);
    expect([...scores]).toEqual([2, 2, 3, 1, 0, 2, 2, 3, 1, 0]);
  });

  it('MarkovChain counts what came next, and falls back on popularity', () => {
    const chain = new MarkovChain(histories, 5);
    // after 1 came 2, once; the most popular item has 3 interactions, so that one follower counts 4
    expect([...chain.score([Int32Array.of(4, 1)])]).toEqual([2, 2, 3 + 4, 1, 0]);
    expect([...chain.score([Int32Array.of(4), new Int32Array()])]).toEqual([2, 2, 3, 1, 0, 2, 2, 3, 1, 0]);
  });

  it('ItemNeighbours sums cosines between sets of users, recent items counting more', () => {
    const neighbours = new ItemNeighbours(histories, 5, { decay: 0.5 });
    // users: 0 → {0, 1}, 1 → {0, 1}, 2 → {0, 2, 3}, 3 → {2}
    const scores = neighbours.score([Int32Array.of(3, 0)]);
    const expected = [1, 1, 1 / Math.sqrt(6) + 0.5 / Math.sqrt(3), 0.5, 0];
    for (const [item, score] of expected.entries()) expect(scores[item]).toBeCloseTo(score, 6);
    expect(() => new ItemNeighbours(histories, 5, { decay: 0 })).toThrow('decay must be above 0 and at most 1, got 0');
  });
});
