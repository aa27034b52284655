import { execFileSync } from 'node:child_process';
import type { DatasetCard, DatasetFile } from '@heed/training';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asUnprivileged } from '../files/unprivileged.test-support.ts';
import type { DataEvent } from './data-event.ts';
import { fetchData } from './fetch-data.ts';
import { loopback, type Loopback } from './loopback.test-support.ts';

const content = Buffer.from('First Citizen:\nBefore we proceed any further, hear me speak.\n');
const sha256 = createHash('sha256').update(content).digest('hex');

describe('fetchData', () => {
  let root: string;
  let server: Loopback;
  let events: DataEvent[];
  const onEvent = (event: DataEvent): void => void events.push(event);
  const card = (changes: Partial<DatasetFile> = {}): DatasetCard => ({
    name: 'shakespeare',
    licence: 'public domain',
    files: [{ name: 'input.txt', bytes: content.length, sha256, url: `${server.url}/input.txt`, ...changes }],
  });
  const cached = (): string => join(root, 'cache/data/shakespeare', sha256.slice(0, 12), 'input.txt');
  const filesBelow = async (folder: string): Promise<string[]> =>
    (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
  const types = (): string[] => events.map(({ type }) => type);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'heed-data-'));
    await chmod(root, 0o755);
    vi.stubEnv('HEED_CACHE', join(root, 'cache'));
    vi.stubEnv('HEED_DATA', '');
    events = [];
    server = await loopback((request, response) => {
      switch (request.url) {
        case '/input.txt':
          response.end(content);
          break;
        case '/corrupted':
          response.end(content.toString().replace('hear', 'fear'));
          break;
        case '/short':
          response.end(content.subarray(0, 20));
          break;
        case '/endless':
          setInterval(() => response.write('x'.repeat(1000)), 1).unref();
          break;
        case '/broken':
          response.writeHead(200, { 'content-length': content.length });
          response.write(content.subarray(0, 20), () => response.destroy());
          break;
        case '/slow':
          response.write(content.subarray(0, 20));
          break;
        default:
          response.writeHead(404).end();
      }
    });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server.close();
    await rm(root, { recursive: true, force: true });
  });

  it('downloads a file once and then reads it from the cache', async () => {
    const first = await fetchData(card(), { onEvent });
    expect(await first.text('input.txt')).toBe(content.toString());
    expect(first.sources).toEqual({ 'input.txt': 'https' });
    expect(types()).toEqual(['source', 'progress', 'fetched']);
    expect(await readFile(cached())).toEqual(content);

    const second = await fetchData(card());
    expect(Buffer.from(await second.read('input.txt'))).toEqual(content);
    expect(second.sources).toEqual({ 'input.txt': 'cache' });
    expect(server.asked).toEqual(['/input.txt']);
  });

  it('keeps nothing of a corrupted download, and names both sums', async () => {
    const failure = fetchData(card({ url: `${server.url}/corrupted` }));
    await expect(failure).rejects.toThrow(
      new RegExp(
        `input.txt of shakespeare .*\n.*must have sha256 ${sha256}, got ${content.length} bytes with [0-9a-f]{64}; it was not kept`,
      ),
    );
    expect(await filesBelow(root)).toEqual([]);
  });

  it.each([
    ['/short', /must have 61 bytes with sha256 .*, got 20 bytes/],
    ['/endless', /must have 61 bytes, got more; it was not kept/],
    ['/broken', /the connection to 127\.0\.0\.1 broke/],
    ['/absent', /the server must answer 200, got 404 Not Found/],
  ])('keeps nothing of %s, and says why', async (path, message) => {
    await expect(fetchData(card({ url: server.url + path }))).rejects.toThrow(message);
    expect(await filesBelow(root)).toEqual([]);
  });

  it('says that there is no connection, and what to do without one', async () => {
    const closed = await loopback(() => undefined);
    await closed.close();
    await expect(fetchData(card({ url: `${closed.url}/input.txt` }))).rejects.toThrow(
      /no connection \(ECONNREFUSED\) to 127\.0\.0\.1\n.*put the file at shakespeare\/input\.txt in a folder.*HEED_DATA/,
    );
  });

  it('refuses an address that is not encrypted', async () => {
    const failure = fetchData(card({ url: 'http://heed.invalid/input.txt' }));
    await expect(failure).rejects.toThrow('the address must begin with https:, got http://heed.invalid/input.txt');
  });

  it('stops a download when aborted, and leaves nothing behind', async () => {
    const controller = new AbortController();
    const failure = fetchData(card({ url: `${server.url}/slow` }), {
      signal: controller.signal,
      onEvent: ({ type }) => type === 'progress' && controller.abort(),
    });
    await expect(failure).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(await filesBelow(root)).toEqual([]);
  });

  it('takes a file from the mirror folder before any download', async () => {
    const mirror = join(root, 'mirror/tinyshakespeare/input.txt');
    await mkdir(dirname(mirror), { recursive: true });
    await writeFile(mirror, content);
    vi.stubEnv('HEED_DATA', join(root, 'mirror'));
    const data = await fetchData(card({ mirror: 'tinyshakespeare/input.txt' }));
    expect(await data.text('input.txt')).toBe(content.toString());
    expect(data.sources).toEqual({ 'input.txt': 'mirror' });
    expect(server.asked).toEqual([]);
  });

  it('passes over a mirrored file of another sum, says so, and leaves it', async () => {
    const mirror = join(root, 'mirror/shakespeare/input.txt');
    await mkdir(dirname(mirror), { recursive: true });
    await writeFile(mirror, 'something else');
    vi.stubEnv('HEED_DATA', join(root, 'mirror'));
    const data = await fetchData(card(), { onEvent });
    expect(data.sources).toEqual({ 'input.txt': 'https' });
    expect(types()).toEqual(['source', 'refused', 'source', 'progress', 'fetched']);
    expect(await readFile(mirror, 'utf8')).toBe('something else');
  });

  it('replaces a cached file that is no longer what it was', async () => {
    await fetchData(card());
    await writeFile(cached(), 'bit rot');
    const data = await fetchData(card(), { onEvent });
    expect(await data.text('input.txt')).toBe(content.toString());
    expect(types()).toEqual(['source', 'refused', 'source', 'progress', 'fetched']);
    expect(await readFile(cached())).toEqual(content);
  });

  it('keeps files in memory where the cache is read-only, and says so', async () => {
    await mkdir(join(root, 'cache'), { mode: 0o555 });
    const data = await asUnprivileged(() => fetchData(card(), { onEvent }));
    expect(await data.text('input.txt')).toBe(content.toString());
    expect(types()).toEqual(['source', 'not-cached', 'progress', 'fetched']);
    expect(events[1]).toMatchObject({ reason: expect.stringMatching(/^it cannot be written: .*\(EACCES\)$/) });
  });

  it('names the files that there are when asked for another', async () => {
    const data = await fetchData(card());
    await expect(data.read('test.txt')).rejects.toThrow("shakespeare has the files input.txt, got 'test.txt'");
  });

  it('refuses a file name that leaves the cache', async () => {
    await expect(fetchData(card({ name: '../input.txt' }))).rejects.toThrow("got '../input.txt'");
    expect(server.asked).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('refuses a pipe and an endless device in the mirror, at once', async () => {
    const mirror = join(root, 'mirror', 'shakespeare');
    await mkdir(mirror, { recursive: true });
    vi.stubEnv('HEED_DATA', join(root, 'mirror'));
    execFileSync('mkfifo', [join(mirror, 'input.txt')]);
    await symlink('/dev/zero', join(mirror, 'zero.txt'));
    for (const name of ['input.txt', 'zero.txt']) {
      await expect(fetchData(card({ name, url: `${server.url}/nothing` }))).rejects.toThrow(
        `mirror ${join(mirror, name)}: must be a file, got a folder, a pipe or a device`,
      );
    }
  });

  it('refuses a mirror file that is longer than the card says, without reading on', async () => {
    const mirror = join(root, 'mirror', 'shakespeare');
    await mkdir(mirror, { recursive: true });
    vi.stubEnv('HEED_DATA', join(root, 'mirror'));
    await writeFile(join(mirror, 'input.txt'), '');
    await truncate(join(mirror, 'input.txt'), 2 ** 40); // a terabyte of nothing
    await expect(fetchData(card({ url: `${server.url}/nothing` }))).rejects.toThrow(
      `must have ${content.length} bytes, got more`,
    );
  });

  it.skipIf(process.platform !== 'linux')(
    'keeps files in memory where the cache cannot be a folder, as in /proc',
    async () => {
      vi.stubEnv('HEED_CACHE', '/proc/heed');
      const data = await fetchData(card(), { onEvent });
      expect(await data.text('input.txt')).toBe(content.toString());
      expect(types()).toContain('not-cached');
    },
  );
});
