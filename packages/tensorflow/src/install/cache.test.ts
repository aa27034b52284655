import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { cached } from './cache.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'heed-cache-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('cached', () => {
  it('makes a folder once', async () => {
    let made = 0;
    for (let i = 0; i < 2; i++) await cached(root, 'thing', async () => void made++);
    expect(made).toBe(1);
  });

  it('gives the same whole folder to those who make it at the same time', async () => {
    const make = (content: string) =>
      cached(root, 'thing', async (folder) => {
        writeFileSync(join(folder, 'one'), content);
        await wait(20);
        writeFileSync(join(folder, 'two'), content);
      });
    const folders = await Promise.all(['a', 'b', 'c'].map(make));
    expect(new Set(folders)).toEqual(new Set([join(root, 'thing')]));
    expect(readdirSync(root)).toEqual(['thing']);
    const [one, two] = ['one', 'two'].map((name) => readFileSync(join(root, 'thing', name), 'utf8'));
    expect(one).toBe(two);
  });

  it('leaves nothing behind where making fails', async () => {
    const failing = cached(root, 'thing', async (folder) => {
      writeFileSync(join(folder, 'half'), '');
      throw new Error('interrupted');
    });
    await expect(failing).rejects.toThrow('interrupted');
    expect(readdirSync(root)).toEqual([]);
  });

  it('removes what a killed process left, and leaves what a living one makes', async () => {
    const script = `
      import { cached } from ${JSON.stringify(new URL('cache.ts', import.meta.url).href)};
      await cached(process.argv[1], 'thing', async () => process.kill(process.pid, 'SIGKILL'));`;
    const options = ['--conditions=@heed/source', '--import', 'tsx', '--input-type=module', '-e', script, root];
    expect(spawnSync(process.execPath, options).signal).toBe('SIGKILL');
    expect(readdirSync(root).length).toBe(1);
    await cached(root, 'one', async () => {
      await cached(root, 'other', async () => undefined);
      expect(readdirSync(root).filter((name) => name.startsWith('.staging')).length).toBe(1);
    });
    expect(readdirSync(root).toSorted()).toEqual(['one', 'other']);
  });

  it.skipIf(process.getuid === undefined)('refuses a folder that others own or can write, whole or not', async () => {
    const make = () => cached(root, 'thing', async () => undefined);
    await make();
    chmodSync(root, 0o757);
    await expect(make()).rejects.toThrow(
      `install: the cache folder must be this user's and writable by nobody else, got mode 757 for ${root}; HEED_CACHE names another`,
    );
    await expect(cached(root, 'other', async () => undefined)).rejects.toThrow('writable by nobody else, got mode 757');
    chmodSync(root, 0o755);
    chmodSync(join(root, 'thing'), 0o777);
    await expect(make()).rejects.toThrow(`got mode 777 for ${join(root, 'thing')}`);
    if (process.getuid!() !== 0) return;
    chmodSync(join(root, 'thing'), 0o755);
    chownSync(root, 65534, 65534);
    await expect(make()).rejects.toThrow(`got one of user 65534 for ${root}`);
  });
});
