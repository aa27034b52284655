import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { createTarGzip } from 'nanotar';
import { describe, expect, it } from 'vitest';
import { readStateOfTheUnion, splitStateOfTheUnion, stateOfTheUnion, type UnionAddress } from './state-of-the-union.ts';

const archive = async (entries: Readonly<Record<string, object>>) => {
  const bytes = await createTarGzip(
    Object.entries(entries).map(([name, value]) => ({ name: `package/data/${name}`, data: JSON.stringify(value) })),
  );
  return { read: () => Promise.resolve(bytes) };
};

describe('readStateOfTheUnion', () => {
  it('reads the addresses in the order of their years, and nothing else', async () => {
    const files = await archive({
      '1953_harry_s_truman_d.json': { year: 1953, name: 'Harry S Truman', party: 'Democratic', text: 'b' },
      '1790_george_washington_n.json': { year: 1790, name: 'George Washington', party: 'none', text: 'a' },
      'file_list.json': ['1790_george_washington_n.json'],
    });
    expect(await readStateOfTheUnion(files)).toEqual([
      { year: 1790, president: 'George Washington', party: 'none', text: 'a' },
      { year: 1953, president: 'Harry S Truman', party: 'Democratic', text: 'b' },
    ]);
  });

  it('refuses what is no archive, and one without addresses', async () => {
    const damaged = { read: () => Promise.resolve(new Uint8Array(10)) };
    await expect(readStateOfTheUnion(damaged)).rejects.toThrow('must be a .tgz, got 10 bytes that are none');
    await expect(readStateOfTheUnion(await archive({ 'file_list.json': [] }))).rejects.toThrow(
      'must have addresses under data/, got none',
    );
  });
});

describe('splitStateOfTheUnion', () => {
  it('keeps the two addresses of one year together', () => {
    const addresses: UnionAddress[] = Array.from({ length: 80 }, (_, i) => ({
      year: 1900 + Math.floor(i / 2),
      president: 'President',
      party: 'none',
      text: String(i),
    }));
    const parts = Object.values(splitStateOfTheUnion(addresses)) as UnionAddress[][];
    expect(parts.map((part) => part.length).toSorted((a, b) => a - b)).toEqual([4, 8, 68]);
    const years = parts.flatMap((part) => [...new Set(part.map(({ year }) => year))]);
    expect(new Set(years).size).toBe(years.length);
  });
});

const [file] = stateOfTheUnion.files;
const stored = storedFiles(stateOfTheUnion);

describe.skipIf(stored === undefined)('The State of the Union', () => {
  it('has the file, splits and statistics on its card', { timeout: 60_000 }, async () => {
    const bytes = await stored!.read(file.name);
    expect(bytes.length).toBe(file.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    const addresses = await readStateOfTheUnion(stored!);
    expect(stateOfTheUnion.statistics).toEqual({
      addresses: addresses.length,
      characters: addresses.reduce((sum, { text }) => sum + [...text].length, 0),
      parties: new Set(addresses.map(({ party }) => party)).size,
      'first year': addresses[0].year,
      'last year': addresses.at(-1)!.year,
    });
    const { train, validation, test } = splitStateOfTheUnion(addresses);
    expect(stateOfTheUnion.splits).toMatchObject({
      train: train.length,
      validation: validation.length,
      test: test.length,
    });
  });
});
