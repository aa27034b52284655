import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { multi30k, readMulti30k } from './multi30k.ts';

const files = storedFiles(multi30k);

describe.skipIf(files === undefined)('Multi30k', () => {
  it('has the files, splits and statistics on its card', async () => {
    for (const { name, bytes, sha256 } of multi30k.files) {
      const content = await files!.read(name);
      const found = { name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
      expect(found).toEqual({ name, bytes, sha256 });
    }
    const german = await readMulti30k(files!, { from: 'de', to: 'en' });
    const french = await readMulti30k(files!, { from: 'fr', to: 'en' });
    const { train, validation, test } = german;
    expect(multi30k.splits).toMatchObject({ train: train.length, validation: validation.length, test: test.length });
    const words = (text: string) => text.split(/\s+/).length;
    const sum = (texts: readonly string[]) => texts.reduce((total, text) => total + words(text), 0);
    expect(multi30k.statistics).toEqual({
      'German words': sum(train.map(({ source }) => source)),
      'English words': sum(train.map(({ target }) => target)),
      'French words': sum(french.train.map(({ source }) => source)),
      'longest German sentence, words': Math.max(...train.map(({ source }) => words(source))),
    });
  });

  it('puts a sentence beside its translation', async () => {
    const { train } = await readMulti30k(files!, { from: 'de', to: 'en' });
    expect(train[0]).toEqual({
      source: 'Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.',
      target: 'Two young, White males are outside near many bushes.',
    });
  });
});

describe('readMulti30k', () => {
  it('refuses languages that do not belong together, and what is no gzip', async () => {
    const uneven = {
      read: (name: string) => Promise.resolve(new Uint8Array(gzipSync(name.includes('.de') ? 'a\nb\n' : 'a\n'))),
    };
    await expect(readMulti30k(uneven, { from: 'de', to: 'en' })).rejects.toThrow(
      'readMulti30k: train must have as many lines in both languages, got 2 and 1',
    );
    const damaged = { read: () => Promise.resolve(new Uint8Array(10)) };
    await expect(readMulti30k(damaged, { from: 'de', to: 'en' })).rejects.toThrow(
      'train.de.gz must be a gzip file, got 10 bytes that are none',
    );
  });
});
