import { storedFiles } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { describe, expect, it } from 'vitest';
import { seasonalNaive } from '../../baselines/seasonal-naive.ts';
import { scoreBaseline } from '../../evaluation/score-baseline.ts';
import { m4Hourly, readM4Hourly } from './m4-hourly.ts';

const files = storedFiles(m4Hourly);

describe.skipIf(files === undefined)('M4 hourly', () => {
  it('has the statistics that its card states', async () => {
    const table = await readM4Hourly(files!);
    const { series, values } = m4Hourly.statistics!;
    expect([table.series.length, table.values]).toEqual([series, values]);
    expect([...table.series[0].targets[0].subarray(0, 1)]).toEqual([605]);
  });

  it('gives seasonal naive its published errors: sMAPE 13.912, MASE 1.193', async () => {
    const { test } = (await readM4Hourly(files!)).split({ validation: 0, test: 48 });
    const scores = scoreBaseline(seasonalNaive(24), test, { horizon: 48, season: 24 });
    expect([scores.windows, scores.smape.toFixed(3), scores.mase.toFixed(3)]).toEqual([414, '13.912', '1.193']);
    expect(scores.undefinedMase).toBe(0);
  });
});

describe('readM4Hourly', () => {
  it('refuses a series that has no end, naming it', async () => {
    const folder = memoryFolder();
    const write = (name: string, text: string) => folder.write(name, new TextEncoder().encode(text));
    await write('Hourly-train.csv', '"V1","V2"\n"H1",5\n"H2",6\n');
    await write('Hourly-test.csv', '"V1","V2"\n"H1",5\n');
    await expect(readM4Hourly(folder)).rejects.toThrow('Hourly-test.csv must have every series, got none of H2');
  });
});
