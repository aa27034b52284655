import { hubFolder } from '@heed/node';
import * as fc from 'fast-check';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineAttack } from '../attack.ts';

const COMMIT = 'a'.repeat(40);

interface Hub {
  readonly info: string;
  readonly send: (response: ServerResponse) => void;
}
const info = (siblings: unknown, sha: unknown = COMMIT) => JSON.stringify({ sha, siblings });
const one = (fields: object): string => info([{ rfilename: 'a', size: 3, ...fields }]);
const abc = (response: ServerResponse) => void response.end('abc');
const endless = (response: ServerResponse) => {
  const timer = setInterval(() => response.write(Buffer.alloc(1 << 20)), 1);
  response.on('close', () => clearInterval(timer));
};
const BLOB = 'f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f'; // of "abc"
const value = fc.constantFrom<unknown>(null, 1, 'x', [], {}, true, '../x', '__proto__', -1, 1e300);

export const hub = defineAttack<Hub>({
  name: 'hub',
  cases: {
    'what is right': () => ({ info: one({ blobId: BLOB }), send: abc }),
    'a name that leads out': () => ({ info: info([{ rfilename: '../../../x', size: 3 }]), send: abc }),
    'an absolute name': () => ({ info: info([{ rfilename: '/tmp/heed-hostile', size: 3 }]), send: abc }),
    'another commit': () => ({ info: info([{ rfilename: 'a', size: 3 }], 'b'.repeat(40)), send: abc }),
    'no sum and no size': () => ({ info: info([{ rfilename: 'a' }]), send: abc }),
    'another content': () => ({ info: one({ blobId: BLOB }), send: (response) => response.end('abd') }),
    'a body without end': () => ({ info: one({ blobId: BLOB }), send: endless }),
    'a body that stalls': () => ({ info: one({ blobId: BLOB }), send: (response) => void response.write('a') }),
    'no answer': () => ({ info: one({ blobId: BLOB }), send: () => undefined }),
    'an end too early': () => ({ info: one({ blobId: BLOB }), send: (response) => void response.writeHead(200, { 'content-length': 3 }).write('a', () => response.destroy()) }),
    'itself, for ever': () => ({ info: one({ blobId: BLOB }), send: (response) => response.writeHead(302, { location: `/owner/name/resolve/${COMMIT}/a` }).end() }),
    'a file on this machine': () => ({ info: one({ blobId: BLOB }), send: (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end() }),
    'an error of escapes': () => ({ info: one({ blobId: BLOB }), send: (response) => response.writeHead(500, 'no').end('\u001B[2J') }),
    'lists in one another': () => ({ info: '['.repeat(1_000_000), send: abc }),
    'a million files': () => ({ info: info(Array.from({ length: 100_000 }, (_, i) => ({ rfilename: `f${i}`, size: 1 }))), send: abc }),
    'no JSON': () => ({ info: '<html>', send: abc }),
  },
  drawn: fc.oneof(
    fc.record({ rfilename: value, size: value, blobId: value, lfs: value }).map((file): Hub => ({ info: info([file]), send: abc })),
    fc.tuple(value, value).map(([siblings, sha]): Hub => ({ info: info(siblings, sha), send: abc })),
  ),
  draws: 40,
  async run(hostile) {
    const server = createServer(({ url }, response) => {
      if (url!.startsWith('/api/')) response.end(hostile.info);
      else hostile.send(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cache = await mkdtemp(join(tmpdir(), 'heed-hostile-'));
    process.env.HEED_CACHE = join(cache, 'inside');
    let failure: unknown;
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const source = await hubFolder('owner/name', { endpoint, revision: COMMIT, stallSeconds: 1 });
      for (const name of (await source.list()).slice(0, 1)) await source.read(name);
    } catch (error) {
      failure = error;
    }
    const outside = (await readdir(cache)).filter((name) => name !== 'inside');
    server.close();
    server.closeAllConnections();
    await rm(cache, { recursive: true, force: true });
    if (outside.length > 0) throw new TypeError(`a file got out of the cache: ${outside.join(', ')}`);
    if (failure !== undefined) throw failure;
  },
}); // prettier-ignore
