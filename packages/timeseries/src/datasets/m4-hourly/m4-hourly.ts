import type { DatasetCard, FileReader } from '@heed/training';
import { parse } from 'csv-parse/browser/esm/sync';
import { SeriesTable } from '../../table/series-table.ts';

/** The 414 hourly series of the M4 competition, of 700 or 960 hours, and the 48 hours that were to be forecast. */
export const m4Hourly: DatasetCard = {
  name: 'm4-hourly',
  licence: 'not stated: for benchmarks only',
  source: 'github Mcompetitions/M4-methods, commit 6c1067e',
  reference:
    'Makridakis, Spiliotis, Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods"',
  files: [
    file('Hourly-train.csv', 'Train', 2347115, 'ea59b7783573c49077a835ab6465c7d66f1474783360f310988a9a737fbca62f'),
    file('Hourly-test.csv', 'Test', 132820, '71a57fccb15e534d973626ada4fb87febf789e9317715b7cc6dd3b5f90db6f42'),
  ],
  splits: { test: 'the last 48 hours of every series' },
  statistics: { series: 414, horizon: 48, season: 24, values: 373372 },
};

/**
 * The table: 414 series of one target, the 48 hours of the test at their ends. The competition's split is `table.split({ validation: 0, test: 48 })`.
 *
 * @throws if a series of one file is not in the other
 */
export async function readM4Hourly(files: FileReader): Promise<SeriesTable<'all', 'value'>> {
  const [train, test] = await Promise.all(['Hourly-train.csv', 'Hourly-test.csv'].map((name) => rows(files, name)));
  const ends = new Map(test.map(([id, ...values]) => [id, values]));
  return SeriesTable.of(
    train.map(([id, ...values]) => {
      const end = ends.get(id);
      if (end === undefined) throw new Error(`readM4Hourly: Hourly-test.csv must have every series, got none of ${id}`);
      const value = [...values, ...end].filter((text) => text !== '').map(Number);
      return { id, targets: { value } };
    }),
  );
}

/** Rows are as wide as the longest series, the others filled up with empty cells. */
async function rows(files: FileReader, name: string): Promise<string[][]> {
  const text = new TextDecoder().decode(await files.read(name));
  const [, ...series] = parse(text, { relax_column_count: true }) as string[][];
  return series;
}

function file(name: string, folder: string, bytes: number, sha256: string) {
  const url = `https://raw.githubusercontent.com/Mcompetitions/M4-methods/6c1067e5a57161249b17289a565178dc7a3fb3ca/Dataset/${folder}/${name}`;
  return { name, bytes, sha256, url, mirror: `m4/${name}` };
}
