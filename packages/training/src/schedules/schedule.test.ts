import { describe, expect, it } from 'vitest';
import { constantSchedule } from './constant-schedule.ts';
import { cosineSchedule } from './cosine-schedule.ts';
import { linearSchedule } from './linear-schedule.ts';
import { noamSchedule } from './noam-schedule.ts';
import type { Schedule } from './schedule.ts';

const rates = (schedule: Schedule, steps: number) => Array.from({ length: steps }, (_, i) => schedule(i + 1));

describe('schedules', () => {
  it('a constant schedule rises linearly and stays', () => {
    expect([1, 2, 4, 5, 1000].map(constantSchedule({ rate: 0.8, warmupSteps: 4 }))).toEqual([0.2, 0.4, 0.8, 0.8, 0.8]);
    expect(constantSchedule({ rate: 0.8 })(1)).toBe(0.8);
  });

  it.each([
    [1, 0, [1]],
    [2, 0, [1, 1 / 2]],
    [3, 0, [1, 2 / 3, 1 / 3]],
    [4, 2, [1 / 2, 1, 1, 1 / 2]],
    [3, 3, [1 / 3, 2 / 3, 1]],
    [1, 1, [1]],
  ])('a linear schedule of %i updates, %i of them warm-up, gives the rates %j', (totalSteps, warmupSteps, expected) => {
    expect(rates(linearSchedule({ rate: 1, warmupSteps, totalSteps }), totalSteps)).toBeAllClose(expected);
  });

  it.each([
    [1, 0, [1]],
    [2, 0, [1, 1 / 2]],
    [3, 0, [1, 3 / 4, 1 / 4]], // cos 60° = ½
    [4, 2, [1 / 2, 1, 1, 1 / 2]],
    [2, 2, [1 / 2, 1]],
  ])('a cosine schedule of %i updates, %i of them warm-up, gives the rates %j', (totalSteps, warmupSteps, expected) => {
    expect(rates(cosineSchedule({ rate: 1, warmupSteps, totalSteps }), totalSteps)).toBeAllClose(expected);
  });

  it('a cosine schedule decays towards its final rate', () => {
    const schedule = cosineSchedule({ rate: 1, warmupSteps: 20, totalSteps: 120, finalRate: 0.1 });
    expect(schedule(10)).toBeCloseTo(0.5, 12);
    expect(schedule(21)).toBeCloseTo(1, 12);
    expect(schedule(46)).toBeCloseTo(0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2), 12); // cos 45° = √½
    expect(schedule(71)).toBeCloseTo(0.55, 12);
    expect(schedule(120)).toBeCloseTo(0.1 + 0.45 * (1 + Math.cos(0.99 * Math.PI)), 12);
  });

  it('no update gets the rate 0, and updates after the last get the rate of the last', () => {
    for (let totalSteps = 1; totalSteps <= 12; totalSteps++) {
      for (let warmupSteps = 0; warmupSteps <= totalSteps; warmupSteps++) {
        for (const make of [linearSchedule, cosineSchedule]) {
          const schedule = make({ rate: 2, warmupSteps, totalSteps });
          expect(Math.min(...rates(schedule, totalSteps + 3))).toBeGreaterThan(0);
          expect(Math.max(...rates(schedule, totalSteps))).toBe(2);
          expect(schedule(totalSteps + 3)).toBe(schedule(totalSteps));
        }
      }
    }
  });

  it('the Noam schedule peaks at the end of its warm-up, at 1/√(width · warm-up)', () => {
    const schedule = noamSchedule({ modelWidth: 512, warmupSteps: 4000 });
    expect(schedule(4000)).toBeCloseTo(1 / Math.sqrt(512 * 4000), 12);
    expect(schedule(1000)).toBeCloseTo(schedule(4000) / 4, 12);
    expect(schedule(16000)).toBeCloseTo(schedule(4000) / 2, 12);
    expect(schedule(1)).toBeCloseTo(schedule(4000) / 4000, 12);
  });

  it('refuses options out of range, naming option and value', () => {
    expect(() => constantSchedule({ rate: 0 })).toThrow('constantSchedule: rate must be a positive number, got 0');
    expect(() => linearSchedule({ rate: 1, warmupSteps: 6, totalSteps: 5 })).toThrow(
      'linearSchedule: warmupSteps must be at most totalSteps, got warmupSteps=6, totalSteps=5',
    );
    expect(() => linearSchedule({ rate: 1, totalSteps: 0 })).toThrow(
      'linearSchedule: totalSteps must be a positive integer, got 0',
    );
    expect(() => cosineSchedule({ rate: 1, totalSteps: 5, finalRate: 2 })).toThrow(
      'cosineSchedule: finalRate must be in [0, rate], got 2, rate=1',
    );
    expect(() => noamSchedule({ modelWidth: 1.5, warmupSteps: 5 })).toThrow(
      'noamSchedule: modelWidth must be a positive integer, got 1.5',
    );
  });
});
