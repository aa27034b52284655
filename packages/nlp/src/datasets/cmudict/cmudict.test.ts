import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dictionary } from 'cmu-pronouncing-dictionary';
import { describe, expect, it } from 'vitest';
import { cmudict, parseCmudict, readCmudict, splitCmudict } from './cmudict.ts';

describe('parseCmudict', () => {
  it('gathers the numbered entries of a word', () => {
    expect(parseCmudict({ live: 'L AY1 V', 'live(2)': 'L IH1 V', lives: 'L IH1 V Z' })).toEqual([
      { word: 'live', pronunciations: ['L AY V', 'L IH V'] },
      { word: 'lives', pronunciations: ['L IH V Z'] },
    ]);
  });

  it('leaves out comments, and keeps stress where it is asked for', () => {
    expect(parseCmudict({ aalto: 'AA1 L T OW2 # name, finnish' }, { stress: true })).toEqual([
      { word: 'aalto', pronunciations: ['AA1 L T OW2'] },
    ]);
  });

  it('counts pronunciations that differ by stress alone once', () => {
    expect(parseCmudict({ permit: 'P ER0 M IH1 T', 'permit(2)': 'P ER1 M IH2 T' })).toEqual([
      { word: 'permit', pronunciations: ['P ER M IH T'] },
    ]);
  });

  it('refuses an entry without phonemes', () => {
    expect(() => parseCmudict({ aalto: ' # name' })).toThrow('parseCmudict: aalto must have phonemes, got " # name"');
  });
});

describe('readCmudict', () => {
  const files = (text: string | Uint8Array) => ({
    read: () => Promise.resolve(typeof text === 'string' ? new TextEncoder().encode(text) : text),
  });

  it('reads what the package exports, without running it', async () => {
    const module = readFileSync(createRequire(import.meta.url).resolve('cmu-pronouncing-dictionary'));
    expect(await readCmudict(files(module))).toEqual(parseCmudict(dictionary));
  });

  it('refuses a file without entries', async () => {
    await expect(readCmudict(files('export {};'))).rejects.toThrow('index.js must have entries, got 10 characters');
  });
});

describe('cmudict', () => {
  const entries = parseCmudict(dictionary);
  const count = (values: Iterable<string>) => new Set(values).size;

  it('is the file on its card', () => {
    const [file] = cmudict.files;
    const bytes = readFileSync(createRequire(import.meta.url).resolve('cmu-pronouncing-dictionary'));
    expect(bytes.length).toBe(file.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
  });

  it('has the statistics on its card', () => {
    const stressed = parseCmudict(dictionary, { stress: true });
    const phonemes = (list: typeof entries) =>
      count(list.flatMap(({ pronunciations }) => pronunciations.flatMap((spoken) => spoken.split(' '))));
    expect(cmudict.statistics).toEqual({
      entries: Object.keys(dictionary).length,
      words: entries.length,
      'words with several pronunciations': entries.filter(({ pronunciations }) => pronunciations.length > 1).length,
      'pronunciations without stress': entries.flatMap(({ pronunciations }) => pronunciations).length,
      letters: count(entries.flatMap(({ word }) => [...word])),
      'phonemes without stress': phonemes(entries),
      'phonemes with stress': phonemes(stressed),
      'longest word': entries.reduce((longest, { word }) => Math.max(longest, word.length), 0),
    });
  });

  it('is split by word into the parts on its card, always the same', () => {
    const { train, validation, test } = splitCmudict(entries);
    expect(cmudict.splits).toMatchObject({ train: train.length, validation: validation.length, test: test.length });
    const words = [train, validation, test].flatMap((part) => part.map(({ word }) => word));
    expect(count(words)).toBe(entries.length);
    expect(splitCmudict(entries).test).toEqual(test);
    // noted when the split was made: another one would make results incomparable
    expect([train, validation, test].map(([first]) => first.word)).toEqual(['rudolf', 'sarabia', 'beast']);
  });
});
