import { Linear, Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { Adam } from '../optimizers/adam.ts';
import { freeze } from '../optimizers/freeze.ts';
import { memoryReport } from './memory-report.ts';

describe('memoryReport', () => {
  it('counts four bytes a weight, and two slots a trained weight for Adam', () => {
    const model = new Linear({ inputs: 3, outputs: 5, random: new Random(1) });
    freeze(model, /bias/);
    const optimizer = new Adam(model.trainableParameters());
    const report = memoryReport(model, { optimizer });
    expect(report).toMatchObject({ weights: 4 * 20, trained: 4 * 15, kept: { optimizer: 4 * (15 + 15 + 1) } });
    expect(report.all).toBeGreaterThanOrEqual(4 * 20 + 4 * 31);
  });
});
