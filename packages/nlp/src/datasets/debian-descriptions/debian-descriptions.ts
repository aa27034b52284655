import { Random } from '@heed/attention-core';
import type { DatasetCard, FileReader } from '@heed/training';
import type { SummaryPair } from '../summary-pair.ts';
import { unpackXz } from '../unpack-xz.ts';

const FILE = 'Translation-en.xz';
const SHA256 = 'a3d4a0bfd8e9242810b0885eda7c1a6e05dac15b333ddbaab03ba56f2dfa4bf0';

/** What the packages of Debian 12 are, at length and in a line. */
export const debianDescriptions: DatasetCard = {
  name: 'debian-descriptions',
  licence: "per package: each description has its package's",
  source: 'Debian 12.15 (bookworm), main, of 11 July 2026: the English package descriptions',
  reference: 'https://www.debian.org/doc/debian-policy/ch-controlfields.html#description',
  files: [
    {
      name: FILE,
      bytes: 6_107_304,
      sha256: SHA256,
      // the user's own mirror, while that has this release; the archive of all that Debian ever published
      package: { registry: 'apt', name: 'Debian', path: `dists/bookworm/main/i18n/by-hash/SHA256/${SHA256}` },
      url: `https://snapshot.debian.org/archive/debian/20260715T000000Z/dists/bookworm/main/i18n/${FILE}`,
    },
  ],
  splits: { train: 37_289, validation: 1_000, test: 1_000, rule: 'distinct ones at random, splitDescriptions()' },
  statistics: {
    packages: 63_956,
    'distinct descriptions': 39_289,
    'median words of a description': 40,
    'median words of a synopsis': 6,
  },
};

export interface PackageDescription extends SummaryPair {
  readonly package: string;
}

export interface DescriptionSplits {
  readonly train: readonly PackageDescription[];
  readonly validation: readonly PackageDescription[];
  readonly test: readonly PackageDescription[];
}

/**
 * Reads the descriptions (`text`, paragraphs apart by empty lines) and synopses (`summary`) of all packages, in the file's order.
 *
 * @throws if the file is damaged, or a package in it has no description
 *
 * @example
 * ```ts
 * import { debianDescriptions, readDebianDescriptions, splitDescriptions } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const { train } = splitDescriptions(await readDebianDescriptions(await fetchData(debianDescriptions))); // 6 MB, once
 * console.log(train[0].text, train[0].summary);
 * ```
 */
export async function readDebianDescriptions(files: FileReader): Promise<PackageDescription[]> {
  return parseDescriptions(await unpackXz('readDebianDescriptions', FILE, await files.read(FILE)));
}

/** Reads an uncompressed `Translation-en`. @throws if a package in it has no description */
export function parseDescriptions(text: string): PackageDescription[] {
  const stanzas = text.split(/\n\n+/).filter((stanza) => stanza.trim() !== '');
  return stanzas.map((stanza) => {
    const [, name] = /^Package: (.+)$/m.exec(stanza) ?? [];
    const [, summary, description] = /^Description-en: ?(.*)((?:\n .*)*)/m.exec(stanza) ?? [];
    if (name === undefined || description === undefined) {
      throw new Error(
        `parseDescriptions: every stanza must have Package and Description-en, got ${JSON.stringify(stanza.slice(0, 80))}`,
      );
    }
    const paragraphs = description.split(/\n \.[^\S\n]*(?=\n|$)/).map((lines) => lines.replaceAll(/\s+/g, ' ').trim());
    return { package: name, summary: summary.trim(), text: paragraphs.filter(Boolean).join('\n\n') };
  });
}

/** Packages that are there for other packages' sake: their synopses say so, and not what is in them. */
const BOILERPLATE = /\b(?:dummy|transitional|meta-?package|debug(?:ging)? symbols?|detached debug)\b/i;

/**
 * The splits that results in this package are measured on: 1,000 packages to test on, 1,000 to choose by, the others to train on.
 *
 * Of packages whose descriptions begin with the same paragraph, which are parts or versions of one, the one with the shortest description stays,
 * and of those with the same synopsis the first; digits, case and punctuation make no difference. So no first paragraph and no synopsis stands in
 * two of the parts. Dummy, transitional, meta- and debug packages are left out, and packages without a description.
 */
export function splitDescriptions(packages: readonly PackageDescription[]): DescriptionSplits {
  const shortest = new Map<string, PackageDescription>();
  for (const candidate of packages) {
    if (candidate.text === '' || candidate.summary === '' || BOILERPLATE.test(candidate.summary)) continue;
    const key = lettersOf(candidate.text.split('\n\n', 1)[0]);
    const other = shortest.get(key);
    if (other === undefined || candidate.text.length < other.text.length) shortest.set(key, candidate);
  }
  const distinct = new Map<string, PackageDescription>();
  for (const candidate of shortest.values()) {
    const key = lettersOf(candidate.summary);
    if (!distinct.has(key)) distinct.set(key, candidate);
  }
  const shuffled = new Random(1993).shuffle([...distinct.values()]);
  return { test: shuffled.slice(0, 1000), validation: shuffled.slice(1000, 2000), train: shuffled.slice(2000) };
}

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}]+/gu, ' ')
    .trim();
}
