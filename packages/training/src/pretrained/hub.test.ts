import { afterEach, describe, expect, it } from 'vitest';
import { registerFolderOpener } from '../folders/folder-opener.ts';
import { memoryFolder } from '../folders/memory-folder.ts';
import { fetchHub, openPretrained, registerHubLoader } from './hub.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** A hub with one repository; notes what is asked of it. */
function hub(asked: string[]): typeof fetch {
  return (input) => {
    const url = String(input);
    asked.push(url);
    if (url === 'https://hub.test/api/models/owner/name/revision/v1') {
      return Promise.resolve(
        Response.json({ sha: COMMIT, siblings: [{ rfilename: 'model.safetensors' }, { rfilename: 'config.json' }] }),
      );
    }
    if (url === `https://hub.test/owner/name/resolve/${COMMIT}/config.json`) return Promise.resolve(new Response('{}'));
    return Promise.resolve(new Response('', { status: 404 }));
  };
}

describe('fetchHub', () => {
  it('reads all files of the commit that a revision stands for', async () => {
    const asked: string[] = [];
    const folder = await fetchHub('owner/name', { revision: 'v1', endpoint: 'https://hub.test', fetch: hub(asked) });
    expect(folder.label).toBe('owner/name@01234567');
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors']);
    expect(new TextDecoder().decode(await folder.read('config.json'))).toBe('{}');
    expect(asked[1]).toContain(COMMIT);
    await expect(folder.read('../secret')).rejects.toThrow('fetchHub: owner/name must have the file, got "../secret"');
  });

  it('takes an endpoint that ends in slashes, and asks a busy hub again', async () => {
    const asked: string[] = [];
    const answer = hub(asked);
    let busy = true;
    const get: typeof fetch = (input, init) => {
      busy = !busy;
      return busy
        ? answer(input, init)
        : Promise.resolve(new Response('', { status: 429, headers: { 'retry-after': '0' } }));
    };
    const folder = await fetchHub('owner/name', { revision: 'v1', endpoint: 'https://hub.test//', fetch: get });
    expect(new TextDecoder().decode(await folder.read('config.json'))).toBe('{}');
    expect(asked[0]).toBe('https://hub.test/api/models/owner/name/revision/v1');
  });

  it('says what failed: the id, the repository or the network', async () => {
    const offline = () => Promise.reject(new Error('getaddrinfo ENOTFOUND'));
    await expect(fetchHub('../name')).rejects.toThrow('a hub id must be "name" or "owner/name", got "../name"');
    await expect(fetchHub('owner/other', { endpoint: 'https://hub.test', fetch: hub([]) })).rejects.toThrow(
      'must be there and open to all, got status 404',
    );
    await expect(fetchHub('owner/name', { endpoint: 'https://hub.test', fetch: offline })).rejects.toThrow(
      'must be within reach: getaddrinfo ENOTFOUND',
    );
  });
});

describe('openPretrained', () => {
  afterEach(() => {
    registerFolderOpener(undefined);
    registerHubLoader(undefined);
  });

  it('takes a text that looks like an id as a path where something is there, else from the hub', async () => {
    const local = memoryFolder('local');
    await local.write('config.json', new Uint8Array());
    registerFolderOpener((path) => (path === 'models/mine' ? local : memoryFolder(path)));
    registerHubLoader((id, { revision }) => Promise.resolve(memoryFolder(`hub: ${id} at ${revision}`)));
    expect((await openPretrained('models/mine')).label).toBe('local');
    expect((await openPretrained('owner/name', { revision: 'v1' })).label).toBe('hub: owner/name at v1');
    expect((await openPretrained('./owner/name')).label).toBe('./owner/name');
    expect((await openPretrained(local)).label).toBe('local');
  });

  it('asks the hub where nothing understands paths', async () => {
    registerHubLoader((id) => Promise.resolve(memoryFolder(id)));
    expect((await openPretrained('owner/name')).label).toBe('owner/name');
  });
});
