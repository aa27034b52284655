import { describe, expect, it } from 'vitest';
import { sameInputs, sameIntegers, sameWeight } from './references/same-values.ts';

describe('numbers that are the same in every language', () => {
  it('are those of same_values.py', () => {
    expect([...sameWeight('a.weight', [2, 2])]).toEqual([
      -0.2816924452781677, 0.047158390283584595, 0.3954864740371704, 0.33282384276390076,
    ]);
    expect([...sameWeight('norm.weight', [2])]).toEqual([0.932854950428009, 1.0850552320480347]);
    expect([...sameInputs('query', [3])]).toEqual([-0.7246252298355103, 0.03510171175003052, 0.5674431324005127]);
    expect([...sameIntegers('ids', [5], 100)]).toEqual([87, 43, 78, 61, 1]);
  });

  it('are spread evenly, and others under another name', () => {
    const values = sameInputs('a', [100_000]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length - mean * mean;
    // Uniform in [−1, 1): mean 0, variance 1/3; the bounds are four standard errors.
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(1 / 3 / values.length));
    expect(Math.abs(variance - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / values.length));
    expect(sameInputs('b', [100_000]).filter((value, i) => value === values[i])).toHaveLength(0);
  });
});
