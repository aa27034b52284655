import { readFileSync } from 'node:fs';
import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { chooseToken, logitsFilters, logProbabilityOf, type SamplingOptions } from './logits-filters.ts';

interface Golden {
  readonly logits: number[][];
  readonly before: number[][];
  readonly cases: readonly { readonly options: SamplingOptions; readonly processed: (number | null)[][] }[];
}

// made by tooling/golden/tasks-logits.py
const golden = JSON.parse(readFileSync(new URL('logits-filters.golden.json', import.meta.url), 'utf8')) as Golden;

const filtered = (logits: readonly number[], options: SamplingOptions, before: readonly number[] = []) => {
  const changed = Float32Array.from(logits);
  for (const filter of logitsFilters(options)) filter(changed, before);
  return [...changed];
};

describe('logitsFilters', () => {
  it.each(golden.cases)("leaves what transformers' generate leaves with $options", ({ options, processed }) => {
    for (const [i, row] of golden.logits.entries()) {
      const ours = filtered(row, options, golden.before[i]);
      expect(ours.map((logit) => logit === -Infinity)).toEqual(processed[i].map((logit) => logit === null));
      const kept = (values: readonly (number | null)[]) => values.map((value) => (Number.isFinite(value) ? value! : 0));
      expect(kept(ours)).toBeAllClose(kept(processed[i]));
    }
  });

  it('lets all of equally likely tokens come where one of them may', () => {
    expect(filtered([1, 1, 1, 0], { topK: 2 })).toEqual([1, 1, 1, -Infinity]);
    expect(filtered([1, 1, 1, -9], { topP: 0.4 })).toEqual([1, 1, 1, -Infinity]);
  });

  it('makes one likelihood of extremes', () => {
    expect(filtered([1000, -1000, 999], { topP: 0.999 })).toEqual([1000, -Infinity, 999]);
    expect(filtered([1000, -1000, 0], { minP: 0.001, topP: 0.9 })).toEqual([1000, -Infinity, -Infinity]);
  });

  it.each([
    [{ temperature: -1 }, 'logitsFilters: temperature must be at least 0, got -1'],
    [{ temperature: NaN }, 'logitsFilters: temperature must be at least 0, got NaN'],
    [{ topK: 0 }, 'logitsFilters: topK must be a positive integer, got 0'],
    [{ topP: 0 }, 'logitsFilters: topP must be in (0, 1], got 0'],
    [{ topP: 1.1 }, 'logitsFilters: topP must be in (0, 1], got 1.1'],
    [{ minP: 2 }, 'logitsFilters: minP must be in [0, 1], got 2'],
    [{ repetitionPenalty: 0 }, 'logitsFilters: repetitionPenalty must be positive, got 0'],
  ])('refuses %j', (options, message) => {
    expect(() => logitsFilters(options)).toThrow(message);
  });
});

describe('chooseToken', () => {
  const logits = Float32Array.from([0.5, 0.2, 0, 0.3], Math.log); // the third may not come

  it('takes the likeliest without a number, the first of equals', () => {
    expect(chooseToken(logits, undefined)).toBe(0);
    expect(chooseToken(Float32Array.of(1, 3, 3), undefined)).toBe(1);
  });

  it('gives each token its share of [0, 1)', () => {
    const chosen = [0, 0.49, 0.51, 0.69, 0.71, 0.9999999].map((uniform) => chooseToken(logits, uniform));
    expect(chosen).toEqual([0, 0, 1, 1, 3, 3]);
  });

  it('draws with the probabilities of the model', () => {
    const random = new Random(7);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[chooseToken(logits, random.uniform())]++;
    // four standard deviations of a share of 20,000 draws: 4 · √(0.5 · 0.5 / 20,000) = 0.014
    expect(counts.map((count) => count / 20_000)).toBeAllClose([0.5, 0.2, 0, 0.3], { absolute: 0.014 });
  });
});

describe('logProbabilityOf', () => {
  it('is ln softmax', () => {
    expect(logProbabilityOf(Float32Array.of(0, Math.log(3)), 1)).toBeCloseTo(Math.log(0.75), 6);
    expect(logProbabilityOf(Float32Array.of(1000, 0), 0)).toBe(0);
  });
});

describe('Logits at the ends of their range', () => {
  it('take the likeliest at a temperature of almost 0', () => {
    for (const temperature of [1e-40, 1e-300]) {
      const logits = Float32Array.of(1, 3, 2, -Infinity);
      for (const filter of logitsFilters({ temperature, topK: 3, topP: 0.9, minP: 0.1 })) filter(logits, []);
      for (const uniform of [0, 0.5, 0.999]) expect(chooseToken(logits, uniform)).toBe(1);
    }
  });

  it('are refused where they are not numbers, as are probabilities above 1', () => {
    for (const uniform of [0.5, undefined]) {
      expect(() => chooseToken(Float32Array.of(1, NaN, 2), uniform)).toThrow(
        'logits must be numbers, got NaN for token 1',
      );
    }
    expect(() => logitsFilters({ topP: 99 })).toThrow('topP must be in (0, 1], got 99');
  });
});
