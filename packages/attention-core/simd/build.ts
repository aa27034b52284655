/**
 * Compiles the AssemblyScript beside it and writes src/kernels/simd-module.ts: `npx pnpm@12 --filter @heed/attention-core simd`.
 * A test compares the sources' checksum, so the file is never out of date.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';

const folder = new URL('.', import.meta.url);
const target = new URL('../src/kernels/simd-module.ts', import.meta.url);

async function compile(...flags: string[]): Promise<Uint8Array> {
  // Loaded here alone: it replaces Array.prototype.sort for everybody in its process.
  const { main } = await import('assemblyscript/asc');
  let module: Uint8Array | undefined;
  const { error, stderr } = await main(['index.ts', '--config', 'asconfig.json', '--outFile', 'simd.wasm', ...flags], {
    readFile: (name: string) => readFile(new URL(name, folder), 'utf8').catch(() => null),
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name.endsWith('.wasm')) module = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || module === undefined) throw new Error(`simd: does not compile\n${stderr.toString()}`);
  return module;
}

/** Base64 in lines. */
function lines(module: Uint8Array): string {
  const parts =
    Buffer.from(module)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  return parts.map((part) => `  '${part}'`).join(' +\n');
}

/** Of everything that the module is made from. */
export async function sourcesChecksum(): Promise<string> {
  const names = (await readdir(folder))
    .filter((name) => name === 'asconfig.json' || /^(?!build).*\.ts$/.test(name))
    .sort();
  const hash = createHash('sha256');
  for (const name of names) hash.update(`${name}\n${await readFile(new URL(name, folder), 'utf8')}`);
  return hash.digest('hex');
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const text = `/** Written by simd/build.ts from the AssemblyScript beside it, whose checksum is ${await sourcesChecksum()}. */

/** For engines with 128-bit SIMD. */
export const SIMD =
${lines(await compile())};

/** The same with the fused multiply-add of relaxed SIMD. */
export const RELAXED_SIMD =
${lines(await compile('--enable', 'relaxed-simd'))};
`;
  await writeFile(target, text);
}
