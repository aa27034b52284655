import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentOf, HUB_ID } from './downloads.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const WHEEL = 'tiny-1.0-py3-none-any.whl';

let address: Promise<string> | undefined;

/** A server on this machine that gives two files slowly, as an https server and as a hub, and is a package index with one small wheel. */
export function loopbackServer(): Promise<string> {
  address ??= start();
  return address;
}

async function start(): Promise<string> {
  let wheel: Buffer | undefined;
  const server = createServer(({ url = '' }, response) => {
    const name = url.split('/').at(-1)!;
    if (url.startsWith('/api/')) response.end(JSON.stringify(commit()));
    else if (url === '/sum')
      response.end(
        createHash('sha256')
          .update((wheel ??= makeWheel()))
          .digest('hex'),
      );
    else if (url === '/simple/tiny/')
      response.setHeader('content-type', 'text/html').end(`<a href="/${WHEEL}">${WHEEL}</a>`);
    else if (name === WHEEL) response.end((wheel ??= makeWheel()));
    else if (url === `/${name}` || url === `/${HUB_ID}/resolve/${COMMIT}/${name}`) slowly(contentOf(name), response);
    else response.writeHead(404).end();
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function commit() {
  const siblings = ['a', 'b'].map((rfilename) => {
    const content = contentOf(rfilename);
    const blobId = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    return { rfilename, blobId, size: content.length };
  });
  return { sha: COMMIT, siblings };
}

/** In ten pieces, so that there are moments between. */
function slowly(content: Uint8Array, response: ServerResponse): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(content.subarray(sent, (sent += content.length / 10)));
    if (sent < content.length) return;
    clearInterval(timer);
    response.end();
  }, 10);
  response.on('close', () => clearInterval(timer));
}

/** What TensorFlow's wheel has of libraries and headers, in small. */
function makeWheel(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'heed-wheel-'));
  try {
    const path = join(folder, WHEEL);
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    for name in ['one.so', 'two.so', 'include/tensorflow/c/c_api.h', 'include/LICENSE', 'THIRD_PARTY_NOTICES.txt']:
        wheel.writestr('tensorflow/' + name, name * 20000)
    wheel.writestr('tiny-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n')
    wheel.writestr('tiny-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: heed\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('tiny-1.0.dist-info/RECORD', '')
`;
    execFileSync('python3', ['-I', '-c', script, path]);
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
