import type { DatasetCard, FileReader } from '@heed/training';
import { tableFromCsv } from '../../table/read-table.ts';
import type { SeriesTable } from '../../table/series-table.ts';

const TARGETS = ['HUFL', 'HULL', 'MUFL', 'MULL', 'LUFL', 'LULL', 'OT'] as const;

/** Loads and oil temperature of an electricity transformer, hour by hour for two years: the benchmark of long-horizon forecasting. */
export const etth1: DatasetCard = {
  name: 'etth1',
  licence: 'CC BY-ND 4.0',
  source: 'github zhouhaoyi/ETDataset, commit 1d16c8f',
  reference: 'Zhou et al. 2021, "Informer: beyond efficient Transformer for long sequence time-series forecasting"',
  files: [
    {
      name: 'ETTh1.csv',
      bytes: 2589657,
      sha256: 'f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066',
      url: 'https://raw.githubusercontent.com/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/ETTh1.csv',
      mirror: 'ett/ETTh1.csv',
    },
  ],
  splits: { training: 8640, validation: 2880, test: 2880, unused: 3020 },
  statistics: { hours: 17420, targets: 7, season: 24 },
};

/**
 * The table: one series of seven targets, of which OT is the oil's temperature. The usual split of 12, 4 and 4 months of 30 days is
 * `table.split({ training: 8640, validation: 2880, test: 2880 })`.
 */
export async function readEtth1(files: FileReader): Promise<SeriesTable<'all', (typeof TARGETS)[number]>> {
  const text = new TextDecoder().decode(await files.read('ETTh1.csv'));
  return tableFromCsv(text, { targets: TARGETS, time: 'date', step: 'hour' });
}
