import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { planBatches } from './plan-batches.ts';

const sorted = (batches: number[][]) => batches.flat().toSorted((a, b) => a - b);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('planBatches', () => {
  it('keeps the order without a seed', () => {
    expect(planBatches({ examples: 5, batchSize: 2 }, 3)).toEqual([[0, 1], [2, 3], [4]]);
    expect(planBatches({ examples: 5, batchSize: 2, dropLast: true }, 3)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(planBatches({ examples: 0, batchSize: 2 }, 0)).toEqual([]);
  });

  it('has every example once, in an order of its own for every epoch and seed, the same each time', () => {
    const options = { examples: 1000, batchSize: 32, seed: 7 };
    const first = planBatches(options, 0);
    expect(sorted(first)).toEqual(numbers(1000));
    expect(planBatches(options, 0)).toEqual(first);
    expect(planBatches(options, 1)).not.toEqual(first);
    expect(planBatches({ ...options, seed: 8 }, 0)).not.toEqual(first);
    const moved = first.flat().filter((example, place) => example !== place).length;
    expect(moved).toBeGreaterThan(980); // one example in a thousand stays in place by chance
  });

  it('puts examples of similar length together, so that batches pad little', () => {
    const lengths = new Random(1).words(10_000).map((word) => 1 + (word % 100));
    const plan = planBatches({ examples: lengths, batchSize: 16, seed: 7 }, 0);
    const padding = (batches: number[][]) =>
      batches.reduce((sum, batch) => sum + batch.length * Math.max(...batch.map((i) => lengths[i])), 0) /
        lengths.reduce((sum, length) => sum + length, 0) -
      1;
    expect(sorted(plan)).toEqual(numbers(10_000));
    expect(padding(plan)).toBeLessThan(0.03);
    // Lengths even in 1 … 100: the longest of 16 is 94 on average, the mean 50.5.
    expect(padding(planBatches({ examples: 10_000, batchSize: 16, seed: 7 }, 0))).toBeGreaterThan(0.8);
    const longest = plan.map((batch) => lengths[batch[0]]);
    expect(longest).not.toEqual(longest.toSorted((a, b) => b - a)); // batches of all lengths take turns
  });

  it('refuses options out of range', () => {
    expect(() => planBatches({ examples: 4, batchSize: 0 }, 0)).toThrow(
      'planBatches: batchSize must be a positive integer, got 0',
    );
    expect(() => planBatches({ examples: -1, batchSize: 1 }, 0)).toThrow(
      'planBatches: examples must be an integer of at least 0, got -1',
    );
  });
});
