import { describe, expect, it } from 'vitest';
import { ValidationWatch } from './validation-watch.ts';

describe('ValidationWatch', () => {
  it("keeps the weights of an epoch in which both are at their best, ties counting, as GAT's authors do", () => {
    const watch = new ValidationWatch(100, 'accuracy');
    expect(watch.observe({ loss: 2, accuracy: 0.5 })).toBe(true);
    expect(watch.observe({ loss: 1, accuracy: 0.4 })).toBe(false); // the loss alone
    expect(watch.observe({ loss: 1, accuracy: 0.5 })).toBe(true); // both as good as ever
    expect(watch.observe({ loss: 1.5, accuracy: 0.6 })).toBe(false); // the accuracy alone
    expect(watch.observe({ loss: 0.9, accuracy: 0.5 })).toBe(false);
  });

  it('is exhausted after so many epochs in which neither was best', () => {
    const watch = new ValidationWatch(2, 'accuracy');
    watch.observe({ loss: 1, accuracy: 0.5 });
    watch.observe({ loss: 2, accuracy: 0.4 });
    watch.observe({ loss: 1, accuracy: 0.3 }); // as low a loss as ever
    watch.observe({ loss: 2, accuracy: 0.3 });
    expect(watch.exhausted).toBe(false);
    watch.observe({ loss: 3, accuracy: 0.2 });
    expect(watch.exhausted).toBe(true);
  });
});
