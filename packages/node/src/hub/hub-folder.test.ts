import { openPretrained } from '@heed/training';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startBackend } from '../backend/start-backend.ts';
import { loopback, type Loopback } from '../data/loopback.test-support.ts';
import { asUnprivileged } from '../files/unprivileged.test-support.ts';
import { hubFolder } from './hub-folder.ts';

const [FIRST, SECOND] = ['1'.repeat(40), '2'.repeat(40)];
const WEIGHTS = 'weights in large-file storage';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const gitBlob = (text: string) =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
const text = (content: Uint8Array) => new TextDecoder().decode(content);

/** Speaks the part of the hub's API that serves models: a repository of two commits, `main` at the second, the tag `v1` at the first. */
class Hub {
  /** What is sent instead of a file's true content. */
  readonly sent = new Map<string, string>();
  /** Files whose connection breaks half way. */
  readonly breaks = new Set<string>();
  names = ['config.json', 'model.safetensors'];

  private content(name: string, commit: string): string {
    return name === 'config.json' ? `{"commit":"${commit[0]}"}` : WEIGHTS;
  }

  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url!, 'http://hub');
    const revision = /^\/api\/models\/owner\/name\/revision\/(.+)$/.exec(pathname)?.[1];
    const commit = { main: SECOND, v1: FIRST, 'refs%2Fpr%2F1': FIRST, [FIRST]: FIRST, [SECOND]: SECOND }[
      revision ?? ''
    ];
    const file = /^\/(resolve|cdn|owner\/name\/resolve)\/([0-9a-f]{40})\/(.+)$/.exec(pathname);
    if (commit !== undefined) {
      const siblings = this.names.map((name) => {
        const content = this.content(name, commit);
        if (searchParams.get('blobs') !== 'true') return { rfilename: name };
        const size = Buffer.byteLength(content);
        return name === 'model.safetensors'
          ? {
              rfilename: name,
              size,
              blobId: gitBlob('a pointer'),
              lfs: { sha256: sha256(content), size, pointerSize: 9 },
            }
          : { rfilename: name, size, blobId: gitBlob(content) };
      });
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ id: 'owner/name', sha: commit, siblings }));
    } else if (file?.[1] === 'owner/name/resolve' && file[3] === 'model.safetensors') {
      response.writeHead(302, { location: `/cdn/${file[2]}/${file[3]}` }).end(); // as large files are served
    } else if (file !== null && this.names.includes(file[3])) {
      const content = this.sent.get(file[3]) ?? this.content(file[3], file[2]);
      response.setHeader('content-length', Buffer.byteLength(content));
      if (!this.breaks.has(file[3])) return void response.end(content);
      response.write(content.slice(0, 5));
      setTimeout(() => response.destroy(), 20);
    } else {
      response.writeHead(404).end('Repository not found');
    }
  };
}

describe('hubFolder', () => {
  let hub: Hub;
  let server: Loopback;
  let cache: string;
  const open = (revision?: string) =>
    hubFolder('owner/name', { endpoint: server.url, ...(revision === undefined ? {} : { revision }) });
  const cached = async () =>
    (await readdir(cache, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);

  beforeEach(async () => {
    hub = new Hub();
    server = await loopback(hub.answer);
    cache = await mkdtemp(join(tmpdir(), 'heed-hub-'));
    vi.stubEnv('HEED_CACHE', cache);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server.close();
    await rm(cache, { recursive: true, force: true });
  });

  it('downloads what is read, and no more; large files through the redirect of a hub', async () => {
    const folder = await open();
    expect(folder.label).toBe('owner/name@22222222');
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors']);
    expect(text(await folder.read('model.safetensors'))).toBe(WEIGHTS);
    expect(server.asked).toEqual([
      '/api/models/owner/name/revision/main?blobs=true',
      `/owner/name/resolve/${SECOND}/model.safetensors`,
      `/cdn/${SECOND}/model.safetensors`,
    ]);
  });

  it('needs no connection for what the cache has, for a branch too', async () => {
    const first = await open();
    for (const name of await first.list()) await first.read(name);
    await server.close();
    const again = await open();
    expect(again.label).toBe(first.label);
    expect(text(await again.read('config.json'))).toBe('{"commit":"2"}');
    expect(text(await again.read('model.safetensors'))).toBe(WEIGHTS);
    expect(text(await (await open(SECOND)).read('config.json'))).toBe('{"commit":"2"}');
    await expect(open('v1')).rejects.toThrow(/^hubFolder: .* must be within reach, or in the cache, got ECONNREFUSED$/);
    server = await loopback(hub.answer);
  });

  it('pins tags, commits and pull requests', async () => {
    for (const revision of ['v1', FIRST, 'refs/pr/1']) {
      const folder = await open(revision);
      expect(folder.label).toBe('owner/name@11111111');
      expect(text(await folder.read('config.json'))).toBe('{"commit":"1"}');
    }
    expect(text(await (await open()).read('config.json'))).toBe('{"commit":"2"}');
    expect(server.asked.filter((path) => path.endsWith('config.json')).length).toBe(2); // one for each commit
  });

  it('refuses another commit than the one that is pinned', async () => {
    const other = '3'.repeat(40);
    const lying = await loopback((request, response) => {
      request.url = request.url!.replace(other, SECOND);
      hub.answer(request, response);
    });
    await expect(hubFolder('owner/name', { endpoint: lying.url, revision: other })).rejects.toThrow(
      `hubFolder: the hub must give commit ${other} of owner/name, got ${SECOND}`,
    );
    expect(await cached()).toEqual([]);
    await lying.close();
  });

  it('keeps what hubs and repositories of like names have apart', async () => {
    await (await open()).read('config.json');
    const second = await loopback((_request, response) => response.writeHead(404).end());
    await expect(hubFolder('owner/name', { endpoint: second.url })).rejects.toThrow('got status 404');
    await expect(hubFolder('owner--name', { endpoint: server.url })).rejects.toThrow('got status 404');
    await second.close();
  });

  it('takes an endpoint that ends in a slash', async () => {
    vi.stubEnv('HF_ENDPOINT', `${server.url}/`);
    expect(text(await (await hubFolder('owner/name')).read('config.json'))).toBe('{"commit":"2"}');
    expect(server.asked[0]).toBe('/api/models/owner/name/revision/main?blobs=true');
  });

  it('sends HF_TOKEN to the hub that the environment names, and to no other', async () => {
    const tokens: (string | undefined)[] = [];
    const closed = await loopback((request, response) => {
      tokens.push(request.headers.authorization);
      if (request.headers.authorization === 'Bearer secret') hub.answer(request, response);
      else response.writeHead(401).end();
    });
    const cdn = server.asked.length;
    vi.stubEnv('HF_ENDPOINT', `${closed.url}//`);
    await expect(hubFolder('owner/name')).rejects.toThrow('got status 401; HF_TOKEN names a token for what is not');
    vi.stubEnv('HF_TOKEN', 'secret\n');
    expect(text(await (await hubFolder('owner/name')).read('config.json'))).toBe('{"commit":"2"}');
    expect(tokens).toEqual([undefined, 'Bearer secret', 'Bearer secret']);
    vi.stubEnv('HF_ENDPOINT', server.url);
    await expect(hubFolder('owner/name', { endpoint: closed.url, revision: 'v1' })).rejects.toThrow('got status 401');
    expect(tokens.at(-1)).toBeUndefined();
    const opened = await hubFolder('owner/name', { endpoint: closed.url, revision: 'v1', token: 'secret' });
    expect(opened.label).toBe('owner/name@11111111');
    expect(server.asked).toHaveLength(cdn);
    await closed.close();
  });

  it('asks again where the hub is busy', async () => {
    const busy = await loopback((request, response) => {
      if (busy.asked.length % 2 === 1) response.writeHead(503, { 'retry-after': '0' }).end();
      else hub.answer(request, response);
    });
    const folder = await hubFolder('owner/name', { endpoint: busy.url });
    expect(text(await folder.read('config.json'))).toBe('{"commit":"2"}');
    expect(busy.asked).toHaveLength(4);
    await busy.close();
  });

  it('refuses a file that is not what the hub says, by either kind of sum, and keeps nothing of it', async () => {
    const folder = await open();
    hub.sent.set('model.safetensors', 'other weights').set('config.json', '{}');
    await expect(folder.read('model.safetensors')).rejects.toThrow(
      `hubFolder: model.safetensors of owner/name must have sha256 ${sha256(WEIGHTS)}, got 13 bytes with ${sha256('other weights')}; it was not kept`,
    );
    await expect(folder.read('config.json')).rejects.toThrow("config.json of owner/name must be git's blob ");
    expect((await cached()).toSorted()).toEqual([`${SECOND}.json`, 'main.json']);
    hub.sent.clear();
    expect(text(await folder.read('model.safetensors'))).toBe(WEIGHTS);
  });

  it('keeps nothing of a download that breaks off, and does it again', async () => {
    const folder = await open();
    hub.breaks.add('config.json');
    await expect(folder.read('config.json')).rejects.toThrow('config.json must be within reach, or in the cache, got ');
    expect((await cached()).toSorted()).toEqual([`${SECOND}.json`, 'main.json']);
    hub.breaks.clear();
    expect(text(await folder.read('config.json'))).toBe('{"commit":"2"}');
  });

  it('downloads again what was damaged in the cache: a file, the list of files, the branch', async () => {
    const folder = await open();
    await folder.read('config.json');
    const home = join(cache, 'hub', `at-${encodeURIComponent(server.url)}`, 'owner%2Fname');
    await writeFile(join(home, 'files', SECOND, 'config.json'), '{"commit":');
    await writeFile(join(home, 'commits', `${SECOND}.json`), '[{"name":"../../secret"}]');
    await writeFile(join(home, 'refs', 'main.json'), '"master"');
    expect(text(await (await open()).read('config.json'))).toBe('{"commit":"2"}');
    expect(await readFile(join(home, 'files', SECOND, 'config.json'), 'utf8')).toBe('{"commit":"2"}');
  });

  it('works without a cache where it cannot be written', async () => {
    await chmod(cache, 0o555);
    await asUnprivileged(async () => expect(text(await (await open()).read('config.json'))).toBe('{"commit":"2"}'));
    await chmod(cache, 0o755);
    expect(await cached()).toEqual([]);
  });

  it('can be read by several at once', async () => {
    const folders = await Promise.all(Array.from({ length: 4 }, () => open()));
    const contents = await Promise.all(folders.map((folder) => folder.read('model.safetensors')));
    expect(contents.map(text)).toEqual(Array.from({ length: 4 }, () => WEIGHTS));
    expect((await cached()).toSorted()).toEqual([`${SECOND}.json`, 'main.json', 'model.safetensors']);
  });

  it('stays inside of its folder, whatever a repository names its files', async () => {
    hub.names = ['config.json', '../../../etc/passwd'];
    await expect(open()).rejects.toThrow(
      `hubFolder: names must be relative and without '..', got "../../../etc/passwd" in owner/name`,
    );
    hub.names = ['config.json'];
    const folder = await open();
    await expect(folder.read('../refs/main.json')).rejects.toThrow(
      'owner/name must have the file, got "../refs/main.json"',
    );
    await expect(hubFolder('../name')).rejects.toThrow('a hub id must be "name" or "owner/name", got "../name"');
  });

  it('says what is not there, and what is no hub', async () => {
    await expect(open('v9')).rejects.toThrow('revision/v9?blobs=true must be there and open to all, got status 404');
    const other = await loopback((_, response) => void response.end('<html>welcome</html>'));
    await expect(hubFolder('owner/name', { endpoint: other.url, revision: 'x' })).rejects.toThrow(
      'hubFolder: the hub must tell commit and files of owner/name, got <html>welcome</html>',
    );
    await other.close();
  });

  it('stops where it is told to', async () => {
    const reason = new Error('enough');
    await expect(hubFolder('owner/name', { endpoint: server.url, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  it('is what a hub id opens once a backend is started', async () => {
    vi.stubEnv('HF_ENDPOINT', server.url);
    await startBackend({ backend: 'cpu', onMessage: () => undefined });
    const folder = await openPretrained('owner/name', { revision: 'v1' });
    expect(text(await folder.read('config.json'))).toBe('{"commit":"1"}');
    expect(await cached()).toContain('config.json');
  });

  describe('from a hub that means harm', () => {
    const commit = '3'.repeat(40);
    /** A hub whose one file is what `answer` sends. */
    async function hubOf(file: object, answer: (response: ServerResponse) => void): Promise<Loopback> {
      return loopback((request, response) => {
        if (!request.url!.startsWith('/api/')) answer(response);
        else response.end(JSON.stringify({ sha: commit, siblings: [{ rfilename: 'a', ...file }] }));
      });
    }
    const read = async (hub: Loopback) => {
      const folder = await hubFolder('owner/name', { endpoint: hub.url, revision: commit, stallSeconds: 0.3 });
      return folder.read('a');
    };
    const stops: Array<readonly [string, object, (response: ServerResponse) => void, string]> = [
      [
        'a body without end',
        { size: 10, blobId: 'x' },
        (response) => {
          const timer = setInterval(() => response.write(Buffer.alloc(100_000)), 1);
          response.on('close', () => clearInterval(timer));
        },
        'got the server must send at most 10 bytes, got more',
      ],
      [
        'a body that stalls',
        { size: 10, blobId: 'x' },
        (response) => void response.write('12345'),
        'something every 0.3 s',
      ],
      ['no answer at all', { size: 10, blobId: 'x' }, () => undefined, 'something every 0.3 s'],
      [
        'a file of no sum and no size',
        {},
        (response) => response.end('x'),
        'the hub must tell a sum or a size of every file',
      ],
      ['less than it says', { size: 10 }, (response) => response.end('12345'), 'must have 10 bytes, got 5'],
    ];
    it.each(stops)('refuses %s', async (_, file, answer, message) => {
      const hub = await hubOf(file, answer);
      try {
        await expect(read(hub)).rejects.toThrow(message);
      } finally {
        await hub.close();
      }
    });

    it('refuses an address that others can change on the way', async () => {
      await expect(hubFolder('owner/name', { endpoint: 'http://hub.example' })).rejects.toThrow(
        'hubFolder: the endpoint must begin with https:, got http://hub.example',
      );
    });
  });
});
