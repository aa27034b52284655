/**
 * `npx pnpm@12 site [--base /path/] [--port 4173] [--build]`: builds the site into apps/docs/.site/dist and serves it; `--build` only builds.
 * The files work from any folder of static files under the given base.
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite, placeSite } from './build-site.ts';
import { serveSite } from './serve-site.ts';

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '/' },
    port: { type: 'string', default: '4173' },
    build: { type: 'boolean', default: false },
    open: { type: 'boolean', default: process.stdout.isTTY },
  },
});
if (!/^\/(?:[\w.-]+\/)*$/.test(values.base)) {
  throw new Error(`site: --base must begin and end with /, as /heed/, got ${values.base}`);
}
const began = performance.now();
await buildSite();
const folder = resolve('.site/dist');
await placeSite(values.base, folder);
console.log(`${folder}: built in ${((performance.now() - began) / 1000).toFixed(0)} s, for ${values.base}`);
if (!values.build) {
  const { url } = await serveSite(folder, values.base, Number(values.port));
  console.log(`${url} (Ctrl-C ends it)`);
  if (values.open) {
    const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open';
    spawn(opener, [url], { stdio: 'ignore', detached: true }).on('error', () => {});
  }
}
