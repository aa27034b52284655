import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extractEntry } from './archive-entry.ts';

describe('extractEntry', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-archive-'));
    await mkdir(join(root, 'package'));
    await writeFile(join(root, 'package/small'), 'small');
    await writeFile(join(root, 'package/large'), '');
    await truncate(join(root, 'package/large'), 200_000_000); // of nothing: 200 kB when it is packed
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const tar = async (...files: string[]) => {
    const archive = join(root, 'package.tgz');
    await create({ file: archive, gzip: true, cwd: root, portable: true }, files);
    return archive;
  };
  const zip = (...files: string[]) => {
    const archive = join(root, 'package.whl');
    execFileSync('python3', ['-I', '-m', 'zipfile', '-c', archive, ...files], { cwd: root });
    return archive;
  };
  const target = () => join(root, 'target');

  it('takes a file that is as long as it should be', async () => {
    await extractEntry(await tar('package/small'), 'small', 1, target(), 5);
    expect(await readFile(target(), 'utf8')).toBe('small');
  });

  it('refuses a longer file out of a tar and out of a zip, and writes no more than it should have', async () => {
    for (const [archive, strip] of [
      [await tar('package/small'), 1],
      [zip('package/small'), 0],
    ] as const) {
      await expect(extractEntry(archive, 'small', strip, target(), 4)).rejects.toThrow(
        'must have at most 4 bytes, got more',
      );
    }
    await expect(extractEntry(zip('package/large'), 'large', 0, target(), 5)).rejects.toThrow(
      'at most 5 bytes, got more',
    );
    expect((await readFile(target())).length).toBeLessThanOrEqual(5);
  });

  it('refuses an archive that becomes a thousand times larger, whatever is wanted of it', async () => {
    const archive = await tar('package/large', 'package/small');
    await expect(extractEntry(archive, 'small', 1, target(), 5)).rejects.toThrow(
      'package.tgz in the archive must have at most 67108864 bytes, got more',
    );
  });
});
