import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTinyShakespeare, tinyShakespeare } from './tiny-shakespeare.ts';

// A mirror (HEED_DATA), or where fetchData keeps it; the suite itself downloads nothing.
const folders = [
  join(process.env.HEED_DATA ?? '../shared/data', tinyShakespeare.name),
  join(process.env.HEED_CACHE ?? join(homedir(), '.cache', 'heed'), tinyShakespeare.name),
];
const folder = folders.find((path) => tinyShakespeare.files.every(({ name }) => existsSync(join(path, name))));
if (folder === undefined) {
  process.stdout.write('tiny-shakespeare.test: skipped, the file is neither in HEED_DATA nor in the cache\n');
}
const files = { read: (name: string) => Promise.resolve(new Uint8Array(readFileSync(join(folder!, name)))) };

describe.skipIf(folder === undefined)('tiny Shakespeare', () => {
  it('has the file, splits and statistics on its card', async () => {
    const [{ name, bytes, sha256 }] = tinyShakespeare.files;
    const content = await files.read(name);
    expect(content).toHaveLength(bytes!);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    const { train, validation } = await readTinyShakespeare(files);
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
