import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { repeatLast } from '../../baselines/repeat-last.ts';
import { seasonalNaive } from '../../baselines/seasonal-naive.ts';
import { scoreBaseline } from '../../evaluation/score-baseline.ts';
import { StandardScaler } from '../../scaling/standard-scaler.ts';
import { etth1, readEtth1 } from './etth1.ts';

const files = storedFiles(etth1);

describe.skipIf(files === undefined)('ETTh1', () => {
  it('has the statistics that its card states, and no hour is missing', async () => {
    const table = await readEtth1(files!);
    const { hours, targets } = etth1.statistics!;
    expect([table.series[0].targets[0].length, table.targets.length]).toEqual([hours, targets]);
    expect(table.targets.at(-1)).toBe('OT');
    expect(new Date(table.series[0].stamps![0]).toISOString()).toBe('2016-07-01T00:00:00.000Z');
    expect(table.series[0].targets[6][0]).toBeCloseTo(30.531, 6);
  });

  it('gives repeat-last and seasonal naive their known errors over all test windows', async () => {
    const { training, test } = (await readEtth1(files!)).split({ training: 8640, validation: 2880, test: 2880 });
    const scaler = StandardScaler.fit(training);
    const of = (baseline: ReturnType<typeof repeatLast>, horizon: number) => {
      const { mse, mae, windows } = scoreBaseline(baseline, test, { horizon, lookBack: 336, season: 24, scaler });
      return [mse.toFixed(3), mae.toFixed(3), windows];
    };
    // windows: 2,880 − horizon + 1, the last one included; errors as counted from the same file elsewhere
    expect(of(repeatLast(), 96)).toEqual(['1.294', '0.713', 2785]);
    expect(of(seasonalNaive(24), 96)).toEqual(['0.512', '0.433', 2785]);
    expect(of(seasonalNaive(24), 336)).toEqual(['0.650', '0.501', 2545]);
  });
});
