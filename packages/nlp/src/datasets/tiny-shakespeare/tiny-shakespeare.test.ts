import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { readTinyShakespeare, tinyShakespeare } from './tiny-shakespeare.ts';

const files = storedFiles(tinyShakespeare);

describe.skipIf(files === undefined)('tiny Shakespeare', () => {
  it('has the file, splits and statistics on its card', async () => {
    const [{ name, bytes, sha256 }] = tinyShakespeare.files;
    const content = await files!.read(name);
    expect(content).toHaveLength(bytes!);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    const { train, validation } = await readTinyShakespeare(files!);
    expect(tinyShakespeare.splits).toMatchObject({ train: train.length, validation: validation.length });
    const text = train + validation;
    expect(text).toBe(new TextDecoder().decode(content));
    expect(tinyShakespeare.statistics).toEqual({
      characters: text.length,
      'different characters': new Set(text).size,
      lines: text.split('\n').length - 1,
    });
  });
});
