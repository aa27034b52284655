import { describe, expect, it } from 'vitest';
import { constant } from './constant.ts';
import { cosine } from './cosine.ts';
import { linear } from './linear.ts';
import { noam } from './noam.ts';

describe('schedules', () => {
  it('a constant schedule rises in a line and stays', () => {
    expect([1, 2, 4, 5, 1000].map(constant({ rate: 0.8, warmupSteps: 4 }))).toEqual([0.2, 0.4, 0.8, 0.8, 0.8]);
    expect(constant({ rate: 0.8 })(1)).toBe(0.8);
  });

  it('a linear schedule rises, falls to 0 and stays there', () => {
    const schedule = linear({ rate: 1, warmupSteps: 10, totalSteps: 110 });
    expect([1, 5, 10, 60, 110, 200].map(schedule)).toEqual([0.1, 0.5, 1, 0.5, 0, 0]);
  });

  it('a cosine schedule passes through the mean of both rates half-way', () => {
    const schedule = cosine({ rate: 1, warmupSteps: 20, totalSteps: 120, finalRate: 0.1 });
    expect(schedule(10)).toBeCloseTo(0.5, 12);
    expect(schedule(20)).toBeCloseTo(1, 12);
    expect(schedule(45)).toBeCloseTo(0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2), 12); // cos 45° = √½
    expect(schedule(70)).toBeCloseTo(0.55, 12);
    expect(schedule(120)).toBeCloseTo(0.1, 12);
    expect(schedule(1000)).toBeCloseTo(0.1, 12);
  });

  it('the Noam schedule peaks at the end of its warm-up, at 1/√(width · warm-up)', () => {
    const schedule = noam({ modelWidth: 512, warmupSteps: 4000 });
    expect(schedule(4000)).toBeCloseTo(1 / Math.sqrt(512 * 4000), 12);
    expect(schedule(1000)).toBeCloseTo(schedule(4000) / 4, 12);
    expect(schedule(16000)).toBeCloseTo(schedule(4000) / 2, 12);
  });

  it('refuses options out of range, naming option and value', () => {
    expect(() => constant({ rate: 0 })).toThrow('constant: rate must be a positive number, got 0');
    expect(() => linear({ rate: 1, warmupSteps: 5, totalSteps: 5 })).toThrow(
      'linear: totalSteps must be an integer of at least 6, got 5',
    );
    expect(() => cosine({ rate: 1, totalSteps: 5, finalRate: 2 })).toThrow(
      'cosine: finalRate must be in [0, rate], got 2, rate=1',
    );
    expect(() => noam({ modelWidth: 1.5, warmupSteps: 5 })).toThrow(
      'noam: modelWidth must be an integer of at least 1, got 1.5',
    );
  });
});
