import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import {
  debianDescriptions,
  readDebianDescriptions,
  splitDescriptions,
  type PackageDescription,
} from '../debian-descriptions/debian-descriptions.ts';
import { debianSections, parseSections, readDebianSections, sectionSplits } from './debian-sections.ts';

const FILE = `Package: mutt
Section: mail
Description: text-based mail reader

Package: nethack
Version: 1
Section: games

`;

describe('parseSections', () => {
  it('reads the section of every package', () => {
    expect([...parseSections(FILE)]).toEqual([
      ['mutt', 'mail'],
      ['nethack', 'games'],
    ]);
  });

  it('refuses a package without a section', () => {
    expect(() => parseSections('Package: a\nVersion: 1\n')).toThrow(
      'parseSections: every stanza must have Package and Section, got "Package: a',
    );
  });

  it('refuses what is no .xz', async () => {
    const junk = { read: () => Promise.resolve(new Uint8Array([1, 2, 3])) };
    await expect(readDebianSections(junk)).rejects.toThrow(
      'readDebianSections: Packages.xz must be an .xz, got 3 bytes that are none',
    );
  });
});

describe('sectionSplits', () => {
  const packages = (start: string, count: number): PackageDescription[] =>
    Array.from({ length: count }, (_, i) => ({ package: `${start}${i}`, summary: 's', text: 't' }));
  const sections = new Map([
    ...packages('game', 101).map((found) => [found.package, 'games'] as const),
    ...packages('mail', 101).map((found) => [found.package, 'mail'] as const),
  ]);

  it('knows sections by 100 descriptions to learn from, and no others', () => {
    const splits = {
      train: [...packages('mail', 100), ...packages('game', 99), ...packages('unknown', 100)],
      validation: packages('game', 1),
      test: [...packages('mail', 101).slice(100), ...packages('game', 1), ...packages('unknown', 1)],
    };
    const { train, validation, test, labels } = sectionSplits(splits, sections);
    expect(labels).toEqual(['mail']);
    expect(train).toHaveLength(100);
    expect(validation).toEqual([]);
    expect(test).toEqual([{ package: 'mail100', summary: 's', text: 't', label: 'mail' }]);
  });
});

const [descriptions, sections] = [storedFiles(debianDescriptions), storedFiles(debianSections)];

describe.skipIf(descriptions === undefined || sections === undefined)('debianSections', () => {
  it('has the file, numbers and splits on its card', async () => {
    const [{ name, bytes, sha256 }] = debianSections.files;
    const content = await sections!.read(name);
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    const known = await readDebianSections(sections!);
    const splits = splitDescriptions(await readDebianDescriptions(descriptions!));
    const { train, validation, test, labels } = sectionSplits(splits, known);
    expect({
      packages: known.size,
      sections: new Set(known.values()).size,
      'sections of at least 100 descriptions': labels.length,
    }).toEqual(debianSections.statistics);
    const { rule: _, ...sizes } = debianSections.splits!;
    expect({ train: train.length, validation: validation.length, test: test.length }).toEqual(sizes);
  });
});
