import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { ctcAlign, ctcBeamSearch, ctcGreedy, type CtcScores } from './ctc-decode.ts';

const SYMBOLS = 3;
/** Steps with probabilities that sum to 1. */
const drawn = (seed: number, steps: number): CtcScores => {
  const random = new Random(seed);
  const rows = Array.from({ length: steps }, () => {
    const weights = [...random.uniforms(SYMBOLS, 0.05, 1)];
    const sum = weights.reduce((total, weight) => total + weight);
    return weights.map((weight) => Math.log(weight / sum));
  });
  return { logProbabilities: Float32Array.from(rows.flat()), symbols: SYMBOLS };
};
const sure = (...path: number[]): CtcScores => ({
  logProbabilities: Float32Array.from(
    path.flatMap((best) => [0, 1, 2].map((symbol) => Math.log(symbol === best ? 0.8 : 0.1))),
  ),
  symbols: SYMBOLS,
});
/** All ways to go, with what each says and its log-probability. */
const ways = ({ logProbabilities }: CtcScores, steps: number) =>
  Array.from({ length: SYMBOLS ** steps }, (_, number) => {
    const path = Array.from({ length: steps }, (__, step) => Math.floor(number / SYMBOLS ** step) % SYMBOLS);
    const text = path.filter((symbol, step) => symbol !== 0 && symbol !== path[step - 1]);
    return {
      path,
      text,
      score: path.reduce((sum, symbol, step) => sum + logProbabilities[step * SYMBOLS + symbol], 0),
    };
  });

describe('ctcGreedy', () => {
  it('takes repeats together and leaves out blanks', () => {
    expect(ctcGreedy(sure(0, 1, 1, 0, 1, 2, 2, 0))).toEqual([1, 1, 2]);
    expect(ctcGreedy(sure(0, 0))).toEqual([]);
  });
});

describe('ctcBeamSearch', () => {
  it.each([1, 2, 3, 4])('finds the texts that are likeliest of all, every way being tried (seed %i)', (seed) => {
    const scores = drawn(seed, 6);
    const totals = new Map<string, number>();
    for (const { text, score } of ways(scores, 6))
      totals.set(text.join(), (totals.get(text.join()) ?? 0) + Math.exp(score));
    const expected = [...totals].sort((a, b) => b[1] - a[1]).slice(0, 5);
    const found = ctcBeamSearch(scores, { beams: 200 }).slice(0, 5);
    expect(found.map(({ symbols }) => symbols.join())).toEqual(expected.map(([text]) => text));
    for (const [i, { score }] of found.entries()) expect(Math.exp(score)).toBeCloseTo(expected[i][1], 6);
    expect(ctcBeamSearch(scores, { beams: 8 })[0].symbols).toEqual(found[0].symbols);
  });

  it('lets a language model decide between what sounds alike', () => {
    const alike: CtcScores = { logProbabilities: Float32Array.of(0.02, 0.5, 0.48).map(Math.log), symbols: 3 };
    expect(ctcBeamSearch(alike)[0].symbols).toEqual([1]);
    expect(ctcBeamSearch(alike, { language: (_, symbol) => (symbol === 2 ? 0 : -1) })[0].symbols).toEqual([2]);
  });
});

describe('ctcAlign', () => {
  it.each([
    [[1, 2], 5],
    [[1, 1], 4],
    [[2, 1, 2], 6],
    [[1], 1],
  ])('finds the likeliest way to say %j in %i steps, every way being tried', (target, steps) => {
    for (const seed of [1, 2, 3]) {
      const scores = drawn(seed, steps);
      const fitting = ways(scores, steps).filter(({ text }) => text.join() === target.join());
      const best = fitting.reduce((one, other) => (other.score > one.score ? other : one));
      const aligned = ctcAlign(scores, target);
      const path = Array<number>(steps).fill(0);
      for (const { symbol, start, end } of aligned) path.fill(symbol, start, end);
      expect(path).toEqual(best.path);
    }
  });

  it('says when symbols were said', () => {
    expect(ctcAlign(sure(0, 1, 1, 0, 2), [1, 2]).map(({ symbol, start, end }) => [symbol, start, end])).toEqual([
      [1, 1, 3],
      [2, 4, 5],
    ]);
    expect(ctcAlign(sure(0, 0), [])).toEqual([]);
  });

  it('refuses targets that do not fit and symbols that are none, naming them', () => {
    expect(() => ctcAlign(sure(1, 1), [1, 1])).toThrow(
      'a target must fit its sound, got 2 symbols (5 states) for 2 steps',
    );
    expect(() => ctcAlign(sure(1, 1), [0])).toThrow('other than the blank, got 0');
    expect(() => ctcAlign(sure(1, 1), [3])).toThrow('symbols below 3 other than the blank, got 3');
    expect(() => ctcGreedy({ logProbabilities: new Float32Array(4), symbols: 3 })).toThrow(
      'a multiple of 3 symbols, got 4',
    );
    expect(() => ctcGreedy({ logProbabilities: new Float32Array(3).fill(NaN), symbols: 3 })).toThrow(
      'got NaN at step 0',
    );
    expect(() => ctcBeamSearch(sure(1), { beams: 0 })).toThrow('beams must be a positive integer, got 0');
  });
});
