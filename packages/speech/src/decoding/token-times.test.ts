import { describe, expect, it } from 'vitest';
import { firstColumns } from './dynamic-time-warping.ts';
import { tokenTimes } from './token-times.ts';

/** Weights of tokens that each look at their own steps, a little at all others. */
const looking = (spans: readonly (readonly [number, number])[], steps: number) =>
  spans.flatMap(([from, to]) => {
    const row = Array.from({ length: steps }, (_, step): number => (step >= from && step < to ? 1 : 0.01));
    const sum = row.reduce((total, weight) => total + weight);
    return row.map((weight) => weight / sum);
  });

describe('firstColumns', () => {
  it('follows the best way from corner to corner', () => {
    const gains = [
      [1, 1, -1, -1, -1],
      [-1, -1, 1, -1, -1],
      [-1, -1, -1, 1, 1],
    ];
    expect([...firstColumns(gains.flat(), 3, 5)]).toEqual([0, 2, 3]);
  });

  it('finds the best of all ways, which are tried one by one', () => {
    const [rows, columns] = [3, 4];
    const gains = Array.from({ length: rows * columns }, (_, i) => Math.sin(7 * i * i));
    const ways = (row: number, column: number): number[][] => {
      if (row < 0 || column < 0) return [];
      if (row === 0 && column === 0) return [[0]];
      const before = [...ways(row - 1, column - 1), ...ways(row - 1, column), ...ways(row, column - 1)];
      return before.map((way) => [...way, row * columns + column]);
    };
    const all = ways(rows - 1, columns - 1);
    const worth = (way: readonly number[]) => way.reduce((sum, place) => sum + gains[place], 0);
    const best = all.reduce((one, other) => (worth(other) > worth(one) ? other : one));
    const expected = [0, 1, 2].map((row) => best.find((place) => Math.floor(place / columns) === row)! % columns);
    expect([...firstColumns(gains, rows, columns)]).toEqual(expected);
  });

  it('refuses a matrix of another size', () => {
    expect(() => firstColumns([1, 2], 1, 3)).toThrow('gains must be a matrix of 1 × 3 numbers, got 2');
    expect(() => firstColumns([], 0, 3)).toThrow('firstColumns: ');
  });
});

describe('tokenTimes', () => {
  const spans = [
    [0, 10],
    [10, 25],
    [25, 40],
  ] as const;

  it('gives the step at which each token begins, whatever heads see beside it', () => {
    const one = looking(spans, 40);
    // a head that looks at one step always says nothing, once what is usual is taken off
    const idle = spans.flatMap(() => Array.from({ length: 40 }, (_, step) => (step === 30 ? 1 : 0)));
    expect([...tokenTimes(one, [1, 3, 40], { steps: 40 })]).toEqual([0, 10, 25]);
    expect([...tokenTimes([...one, ...idle], [2, 3, 40], { steps: 40 })]).toEqual([0, 10, 25]);
  });

  it("does not look behind the sound's end", () => {
    const padded = looking(spans, 60);
    expect([...tokenTimes(padded, [1, 3, 60], { steps: 40 })]).toEqual([0, 10, 25]);
  });

  it('refuses smoothing over an even number and more steps than weights', () => {
    expect(() => tokenTimes([1], [1, 1, 1], { steps: 1, smoothing: 2 })).toThrow(
      'smoothing must be an odd number, got 2',
    );
    expect(() => tokenTimes([1], [1, 1, 1], { steps: 2 })).toThrow('steps must be from 1 to 1, got 2');
  });
});
