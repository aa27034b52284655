import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  debianDescriptions,
  parseDescriptions,
  readDebianDescriptions,
  splitDescriptions,
  type PackageDescription,
} from './debian-descriptions.ts';

const FILE = `Package: mutt
Description-md5: 0
Description-en: text-based mail reader
 Mutt reads mail.
   * threads,
   * keys.
 .
 It is small.

Package: empty
Description-md5: 1
Description-en: nothing more

`;

// `printf 'Package: a\nDescription-en: b\n c\n' | xz | base64`
const XZ =
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAfUGFja2FnZTogYQpEZXNjcmlwdGlvbi1lbjogYgogYwoARWoYd8vuRgkAATggGCl3DB+2830BAAAAAARZWg==';

const described = (name: string, summary: string, text: string): PackageDescription => ({
  package: name,
  summary,
  text,
});
const all = ({ train, validation, test }: ReturnType<typeof splitDescriptions>) =>
  [...train, ...validation, ...test].map((found) => found.package).toSorted();

describe('parseDescriptions', () => {
  it('reads synopsis and paragraphs, lists as part of theirs', () => {
    expect(parseDescriptions(FILE)).toEqual([
      described('mutt', 'text-based mail reader', 'Mutt reads mail. * threads, * keys.\n\nIt is small.'),
      described('empty', 'nothing more', ''),
    ]);
  });

  it('refuses a stanza without a description', () => {
    expect(() => parseDescriptions('Package: a\nDescription-fr: b\n c\n')).toThrow(
      'every stanza must have Package and Description-en, got "Package: a',
    );
  });
});

describe('readDebianDescriptions', () => {
  it('unpacks what xz packed', async () => {
    const packed = { read: () => Promise.resolve(new Uint8Array(Buffer.from(XZ, 'base64'))) };
    expect(await readDebianDescriptions(packed)).toEqual([described('a', 'b', 'c')]);
  });

  it('refuses what is no .xz', async () => {
    const junk = { read: () => Promise.resolve(new Uint8Array([1, 2, 3])) };
    await expect(readDebianDescriptions(junk)).rejects.toThrow('must be an .xz, got 3 bytes that are none');
  });
});

describe('splitDescriptions', () => {
  it('keeps the shortest of packages that begin alike, and the first of those with one synopsis', () => {
    const split = splitDescriptions([
      described('tool-data', 'a tool, its data', 'The tool of 1999.\n\nThis is its data.'),
      described('tool', 'a tool', 'The Tool, of 2000.'),
      described('other', 'A tool!', 'Another one.'),
      described('third', 'a third', 'A third one.'),
    ]);
    expect(all(split)).toEqual(['third', 'tool']);
  });

  it('leaves out dummies, and packages without a description', () => {
    const split = splitDescriptions([
      described('a', 'transitional package', 'Remove it.'),
      described('b', 'editor (dummy package)', 'Remove it soon.'),
      described('c', 'editor - debug symbols', 'Symbols.'),
      described('d', 'metapackage for editors', 'Editors.'),
      described('e', 'nothing', ''),
      described('f', 'editor for symbols', 'Edits symbols.'),
    ]);
    expect(all(split)).toEqual(['f']);
  });

  it('divides distinct ones always alike, in parts of the stated size', () => {
    const letters = (i: number) => i.toString(26).replaceAll(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]);
    const many = Array.from({ length: 2100 }, (_, i) => described(`p${i}`, `is ${letters(i)}`, `Does ${letters(i)}.`));
    const { train, validation, test } = splitDescriptions(many);
    expect([train.length, validation.length, test.length]).toEqual([100, 1000, 1000]);
    expect(splitDescriptions(many)).toEqual({ train, validation, test });
    expect(new Set([...train, ...validation, ...test]).size).toBe(2100);
  });
});

const [{ name, bytes, sha256 }] = debianDescriptions.files;
const stored = storedFiles(debianDescriptions);

describe.skipIf(stored === undefined)('debianDescriptions', () => {
  const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
  const words = (text: string) => text.split(/\s+/).length;
  let packages: PackageDescription[];
  beforeAll(async () => {
    packages = await readDebianDescriptions(stored!);
  });

  it('has the file, numbers and splits on its card', async () => {
    const content = await stored!.read(name);
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    const { train, validation, test } = splitDescriptions(packages);
    const distinct = [...train, ...validation, ...test];
    expect({
      packages: packages.length,
      'distinct descriptions': distinct.length,
      'median words of a description': median(distinct.map(({ text }) => words(text))),
      'median words of a synopsis': median(distinct.map(({ summary }) => words(summary))),
    }).toEqual(debianDescriptions.statistics);
    const { rule: _, ...sizes } = debianDescriptions.splits!;
    expect({ train: train.length, validation: validation.length, test: test.length }).toEqual(sizes);
  });

  it('has no description and no synopsis in two parts, whatever their case', () => {
    const { train, validation, test } = splitDescriptions(packages);
    const seen = new Set(train.flatMap(({ text, summary }) => [text.toLowerCase(), summary.toLowerCase()]));
    const again = [...validation, ...test].filter(
      ({ text, summary }) => seen.has(text.toLowerCase()) || seen.has(summary.toLowerCase()),
    );
    expect(again).toEqual([]);
  });
});
