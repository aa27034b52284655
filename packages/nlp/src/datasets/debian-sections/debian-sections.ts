import type { DatasetCard, FileReader } from '@heed/training';
import type { DescriptionSplits, PackageDescription } from '../debian-descriptions/debian-descriptions.ts';
import type { LabelledText } from '../labelled-text.ts';
import { unpackXz } from '../unpack-xz.ts';

const FILE = 'Packages.xz';
const SHA256 = '9e0b5aabb2465b3d2e7a7fe27f9913846277833f7a2826e7767acccff5b588c5';

/** Which section of the archive each package of Debian 12 is in: what the descriptions of `debianDescriptions` can be told by. */
export const debianSections: DatasetCard = {
  name: 'debian-sections',
  licence: 'facts of the Debian archive, which its maintainers keep',
  source: 'Debian 12.15 (bookworm), main, amd64, of 11 July 2026: the index of packages',
  reference: 'https://www.debian.org/doc/debian-policy/ch-archive.html#sections',
  files: [
    {
      name: FILE,
      bytes: 8_790_396,
      sha256: SHA256,
      // the user's own mirror, while that has this release; the archive of all that Debian ever published
      package: { registry: 'apt', name: 'Debian', path: `dists/bookworm/main/binary-amd64/by-hash/SHA256/${SHA256}` },
      url: `https://snapshot.debian.org/archive/debian/20260715T000000Z/dists/bookworm/main/binary-amd64/${FILE}`,
    },
  ],
  splits: {
    train: 36_459,
    validation: 977,
    test: 977,
    rule: 'those of debianDescriptions, sections of at least 100 descriptions, sectionSplits()',
  },
  statistics: { packages: 63_436, sections: 58, 'sections of at least 100 descriptions': 42 },
};

/** A description with its package's section, e.g. `games`. */
export type SectionDescription = PackageDescription & LabelledText;

export interface SectionSplits {
  readonly train: readonly SectionDescription[];
  readonly validation: readonly SectionDescription[];
  readonly test: readonly SectionDescription[];
  /** The sections, sorted. */
  readonly labels: readonly string[];
}

/**
 * Reads the section of every package.
 *
 * @throws if the file is damaged, or a package in it has no section
 *
 * @example
 * ```ts
 * import { debianSections, readDebianSections } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const sections = await readDebianSections(await fetchData(debianSections)); // 9 MB, once
 * sections.get('mutt'); // mail
 * ```
 */
export async function readDebianSections(files: FileReader): Promise<Map<string, string>> {
  return parseSections(await unpackXz('readDebianSections', FILE, await files.read(FILE)));
}

/** Reads an uncompressed `Packages`. @throws if a package in it has no section */
export function parseSections(text: string): Map<string, string> {
  const stanzas = text.split(/\n\n+/).filter((stanza) => stanza.trim() !== '');
  return new Map(
    stanzas.map((stanza) => {
      const [, name] = /^Package: (.+)$/m.exec(stanza) ?? [];
      const [, section] = /^Section: (.+)$/m.exec(stanza) ?? [];
      if (name === undefined || section === undefined) {
        throw new Error(
          `parseSections: every stanza must have Package and Section, got ${JSON.stringify(stanza.slice(0, 80))}`,
        );
      }
      return [name, section];
    }),
  );
}

/** Sections are known by as many descriptions to learn from. */
const LEAST = 100;

/**
 * The splits of `splitDescriptions` with their sections as labels. Left out are packages without a section, and sections of fewer than 100 descriptions
 * to learn from.
 */
export function sectionSplits(splits: DescriptionSplits, sections: ReadonlyMap<string, string>): SectionSplits {
  const label = (descriptions: readonly PackageDescription[]): SectionDescription[] =>
    descriptions.flatMap((description) => {
      const section = sections.get(description.package);
      return section === undefined ? [] : [{ ...description, label: section }];
    });
  const train = label(splits.train);
  const counts = new Map<string, number>();
  for (const { label: section } of train) counts.set(section, (counts.get(section) ?? 0) + 1);
  const labels = [...counts.keys()].filter((section) => counts.get(section)! >= LEAST).toSorted();
  const known = (descriptions: readonly SectionDescription[]) =>
    descriptions.filter((description) => labels.includes(description.label));
  return {
    train: known(train),
    validation: known(label(splits.validation)),
    test: known(label(splits.test)),
    labels,
  };
}
