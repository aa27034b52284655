import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A registry on loopback that holds our packages and passes every other request on to the registry npm is configured with. */
export interface Registry {
  readonly url: string;
  /** An npm configuration file that points at the registry and may publish to it. */
  readonly npmrc: string;
  readonly stop: () => Promise<void>;
}

export async function startRegistry(folder: string, upstream: string): Promise<Registry> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    `storage: ${join(folder, 'storage')}
uplinks:
  npm: { url: ${upstream}, timeout: 120s, maxage: 60m }
packages:
  '@heed/*': { access: $all, publish: $anonymous }
  '**': { access: $all, proxy: npm }
max_body_size: 50mb
log: { type: file, path: ${join(folder, 'verdaccio.log')}, level: warn }
`,
  );
  const npmrc = join(folder, 'npmrc');
  writeFileSync(
    npmrc,
    `registry=${url}\n//127.0.0.1:${port}/:_authToken=anonymous\naudit=false\nfund=false\nupdate-notifier=false\n`,
  );
  const require = createRequire(import.meta.url);
  const child = spawn(
    process.execPath,
    [require.resolve('verdaccio/bin/verdaccio'), '--config', config, '--listen', `127.0.0.1:${port}`],
    {
      stdio: 'ignore',
    },
  );
  await untilAnswering(`${url}-/ping`, child);
  return {
    url,
    npmrc,
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill();
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 120; attempt++) {
    if (child.exitCode !== null) throw new Error(`verdaccio: ended at start with exit code ${child.exitCode}`);
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error('verdaccio: no answer within 60 s');
}
