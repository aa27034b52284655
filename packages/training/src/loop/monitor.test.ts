import { describe, expect, it } from 'vitest';
import { Monitor } from './monitor.ts';

const run = () => ({});

describe('Monitor', () => {
  it('takes a better value for the best, equal ones only with ties', () => {
    const strict = new Monitor({ run });
    expect([3, 2, 2, NaN, Infinity, 1].map((loss) => strict.observe({ loss }))).toEqual([
      true,
      true,
      false,
      false,
      false,
      true,
    ]);
    const tied = new Monitor({ run, monitor: 'accuracy', goal: 'max', ties: true });
    expect([0.5, 0.5, 0.4, 0.6].map((accuracy) => tied.observe({ accuracy }))).toEqual([true, true, false, true]);
  });

  it('asks for the least change', () => {
    const monitor = new Monitor({ run, minimumChange: 0.5 });
    expect([3, 2.5, 2.25].map((loss) => monitor.observe({ loss }))).toEqual([true, false, true]);
  });

  const both = [
    { metric: 'loss', goal: 'min' },
    { metric: 'accuracy', goal: 'max' },
  ] as const;

  it("of two metrics with ties, keeps the last evaluation in which both were at their best, as GAT's authors do", () => {
    const monitor = new Monitor({ run, monitor: both, ties: true });
    expect(monitor.observe({ loss: 2, accuracy: 0.5 })).toBe(true);
    expect(monitor.observe({ loss: 1, accuracy: 0.4 })).toBe(false); // the loss alone
    expect(monitor.observe({ loss: 1, accuracy: 0.5 })).toBe(true); // both as good as ever
    expect(monitor.observe({ loss: 1.5, accuracy: 0.6 })).toBe(false); // the accuracy alone
    expect(monitor.observe({ loss: 0.9, accuracy: 0.5 })).toBe(false);
  });

  it('is exhausted after so many evaluations in which no metric was at its best, also when it was saved and restored amid them', () => {
    let monitor = new Monitor({ run, monitor: both, ties: true, patience: 2 });
    const exhausted = [
      { loss: 1, accuracy: 0.5 },
      { loss: 2, accuracy: 0.4 },
      { loss: 1, accuracy: 0.3 }, // as low a loss as ever
      { loss: 2, accuracy: 0.3 },
      { loss: 3, accuracy: 0.2 },
    ].map((metrics) => {
      const state = JSON.parse(JSON.stringify(monitor.state())) as ReturnType<Monitor['state']>;
      monitor = new Monitor({ run, monitor: both, ties: true, patience: 2 });
      monitor.restore(state);
      monitor.observe(metrics);
      return monitor.exhausted;
    });
    expect(exhausted).toEqual([false, false, false, false, true]);
  });

  it('refuses options and metrics that do not fit, naming them', () => {
    expect(() => new Monitor({ run, monitor: both, goal: 'max' })).toThrow("got 'max' beside them");
    expect(() => new Monitor({ run, monitor: [] })).toThrow('must be one metric or several different ones, got []');
    expect(() => new Monitor({ run, monitor: [both[0], both[0]] })).toThrow('got [loss, loss]');
    expect(() => new Monitor({ run, goal: 'most' as 'max' })).toThrow(
      `train: the goal of the monitored metric "loss" must be 'min' or 'max', got 'most'`,
    );
    expect(() => new Monitor({ run, minimumChange: -1 })).toThrow(
      'train: evaluation.minimumChange must be a number of at least 0, got -1',
    );
    expect(() => new Monitor({ run }).observe({ errors: 1 })).toThrow(
      'train: the evaluation must give the monitored metric "loss", got [errors]',
    );
  });
});
