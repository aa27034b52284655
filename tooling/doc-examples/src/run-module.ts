/** Runs one example: `node run-module.ts <file> [<backend>]`, with the timers and servers that it leaves ended. */
import { pathToFileURL } from 'node:url';

const [file, backend] = process.argv.slice(2);
if (backend !== undefined) {
  const { startBackend } = await import('@heed/node');
  await startBackend({ backend: backend as 'tensorflow' | 'wasm', onMessage: () => {} });
}
await import(pathToFileURL(file).href);
process.exit();
