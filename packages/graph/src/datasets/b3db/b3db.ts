import { printableText } from '@heed/attention-core';
import type { DatasetCard } from '@heed/training';

/** B3DB (Meng et al. 2021): which molecules pass from the blood into the brain. */
export const b3db: DatasetCard = {
  name: 'b3db',
  licence: 'CC0-1.0',
  source: 'PyPI qc-b3db 1.1.1',
  reference: 'Meng et al. 2021, "A curated diverse molecular database of blood-brain barrier permeability"',
  files: [
    {
      name: 'B3DB_classification.tsv',
      bytes: 2635683,
      sha256: '47a160aea1551423ead2aab70b301fb1646aea03cf151fd614eb37c78fa55b82',
      package: {
        registry: 'pypi',
        name: 'qc-b3db',
        version: '1.1.1',
        path: 'B3DB/B3DB_classification.tsv',
        archive: 'sdist',
        sha256: '008f1f10864ab9586e0f1269d328c3ec2ffc4076a6000ea8c769b04fe81adb98',
      },
    },
  ],
  statistics: { molecules: 7807, permeable: 4956, others: 2851 },
};

/** One molecule and what is known of it. */
export interface Permeability {
  readonly name: string;
  readonly smiles: string;
  /** Whether it passes from the blood into the brain (BBB+). */
  readonly permeable: boolean;
}

/**
 * Reads B3DB's table of classes.
 *
 * @param text of `B3DB_classification.tsv`
 * @throws if a column is missing or a class is neither BBB+ nor BBB-
 *
 * @example
 * ```ts
 * import { moleculeGraph, parseB3db } from '@heed/graph';
 * const [first] = parseB3db('compound_name\tSMILES\tBBB+/BBB-\nethanol\tCCO\tBBB+\n');
 * console.log(first.name, moleculeGraph(first.smiles).nodes); // ethanol 3
 * ```
 */
export function parseB3db(text: string): Permeability[] {
  const [header, ...rows] = parseTable(text);
  const column = (name: string): number => {
    const index = header?.indexOf(name) ?? -1;
    if (index === -1)
      throw new Error(
        `parseB3db: there must be a column ${name}, got ${header === undefined ? 'nothing' : printableText(header.join(', '), { most: 200 })}`,
      );
    return index;
  };
  const [name, smiles, kind] = ['compound_name', 'SMILES', 'BBB+/BBB-'].map(column);
  return rows.map((row, index) => {
    if (row[kind] !== 'BBB+' && row[kind] !== 'BBB-') {
      throw new Error(`parseB3db: a class must be BBB+ or BBB-, got ${row[kind]} in row ${index + 1}`);
    }
    return { name: row[name], smiles: row[smiles], permeable: row[kind] === 'BBB+' };
  });
}

/** Tab-separated values; those in quotes may hold tabs, line ends and doubled quotes. */
function parseTable(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const value = /"((?:[^"]|"")*)"(\t|\r?\n|$)|([^\t\r\n]*)(\t|\r?\n|$)/gy;
  while (value.lastIndex < text.length) {
    const match = value.exec(text);
    if (match === null) throw new Error(`parseB3db: a quote must be closed, got none after row ${rows.length}`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[3]);
    if ((match[2] ?? match[4]) === '\t') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
