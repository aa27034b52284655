import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cached } from './cache.ts';
import { InstallError } from './install-error.ts';
import { platform, type Wheel } from './platform.ts';
import type { InstallProgress } from './progress.ts';
import { errorLine, runProcess } from './run-process.ts';
import type { TfjsNode } from './tfjs-node.ts';

/** Where tfjs-node looks for its addon, and where the addon looks for the library: `../../deps/lib`. */
export const addonFolder = join('lib', 'napi-v8');
export const addonName = 'tfjs_binding.node';
/** Beside the addon; loaded before it, so that what TensorFlow prints while it loads can be filtered. */
export const holdStderrName = 'hold_stderr.node';

const nodeApiVersion = 8;
const cxxCompilers = ['c++', 'g++', 'clang++'];
const require = createRequire(import.meta.url);
const nativeFolder = fileURLToPath(new URL('../../native/', import.meta.url));
const opsFolder = join(nativeFolder, 'ops');

const arithmeticName = 'kernels.cc';

/** The sets of instructions that native/ops/kernels.cc is compiled for, with what chooses them; every processor has the first. */
const instructions: Readonly<Record<string, readonly string[]>> = {
  baseline: [],
  ...(process.arch === 'x64' && {
    avx2: ['-mavx2', '-mfma'],
    avx512: '-mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512'.split(' '),
  }),
};

/** The name in the cache of the binding: it changes with the library, tfjs-node, and our own additions. */
export function bindingName(wheel: Wheel, tfjsNode: TfjsNode): string {
  const hash = createHash('sha256');
  for (const folder of [nativeFolder, opsFolder, join(tfjsNode.folder, 'binding')]) {
    const files = readdirSync(folder).filter((name) => extname(name) !== '');
    for (const name of files.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  }
  const sources = hash.digest('hex').slice(0, 12);
  return `binding-${wheel.version}-tfjs-${tfjsNode.version}-napi${nodeApiVersion}-${platform}-${sources}`;
}

/**
 * Gives the folder with the binding, compiled from tfjs-node's sources and Heed's additions if need be. It is laid out as
 * tfjs-node's folder is (`lib/napi-v8/tfjs_binding.node`, `deps/`), and it has been loaded once when this returns.
 * Throws an {@link InstallError} without a C++ compiler.
 */
export function provideBinding(
  root: string,
  wheel: Wheel,
  library: string,
  tfjsNode: TfjsNode,
  onProgress: (progress: InstallProgress) => void,
): Promise<string> {
  return cached(root, bindingName(wheel, tfjsNode), async (folder) => {
    onProgress({ step: 'build', message: `building the binding of tfjs-node ${tfjsNode.version}` });
    const addons = join(folder, addonFolder);
    await mkdir(addons, { recursive: true });
    await symlink(library, join(folder, 'deps'));
    const sources = join(tfjsNode.folder, 'binding');
    const shared = ['-O2', '-fPIC', '-w', `-DNAPI_VERSION=${nodeApiVersion}`, `-I${nodeApiHeaders()}`, ...linkFlags()];
    const kernels = await compileKernels(folder);
    await compile('CXX', cxxCompilers, [
      '-std=c++17',
      '-pthread',
      ...shared,
      `-I${sources}`,
      `-I${join(library, 'include')}`,
      join(nativeFolder, 'heed_binding.cc'),
      join(sources, 'tfjs_backend.cc'),
      ...opSources(),
      ...kernels,
      `-o${join(addons, addonName)}`,
      ...wheel.libraries.map((name) => join(library, 'lib', name)),
      `-Wl,-rpath,${process.platform === 'darwin' ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
    ]);
    await Promise.all(kernels.map((object) => rm(object)));
    await compile(
      'CC',
      ['cc', 'gcc', 'clang'],
      [...shared, join(nativeFolder, 'hold_stderr.c'), `-o${join(addons, holdStderrName)}`],
    );
    await checkThatItLoads(join(addons, addonName), wheel);
  });
}

/** Heed's own ops, but for the arithmetic. */
function opSources(): string[] {
  const names = readdirSync(opsFolder).filter((name) => name.endsWith('.cc') && name !== arithmeticName);
  return names.sort().map((name) => join(opsFolder, name));
}

/** @returns the objects, one for each set of instructions */
function compileKernels(folder: string): Promise<string[]> {
  const arithmetic = ['-O3', '-ffp-contract=fast', '-fopenmp-simd', '-fno-math-errno', '-fno-trapping-math'];
  return Promise.all(
    Object.entries(instructions).map(async ([name, flags]) => {
      const object = join(folder, `${name}.o`);
      const source = join(opsFolder, arithmeticName);
      const options = ['-std=c++17', '-fPIC', '-w', ...arithmetic, ...flags, `-DHEED_INSTRUCTIONS=${name}`];
      await compile('CXX', cxxCompilers, [...options, '-c', source, '-o', object]);
      return object;
    }),
  );
}

function nodeApiHeaders(): string {
  return join(dirname(require.resolve('node-api-headers/package.json')), 'include');
}

function linkFlags(): string[] {
  return process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
}

async function compile(variable: string, compilers: readonly string[], args: readonly string[]): Promise<void> {
  const own = process.env[variable];
  const candidates = own ? [own] : compilers;
  for (const compiler of candidates) {
    const { code, output } = await runProcess(compiler, args);
    if (code === 0) return;
    if (code !== null) throw new InstallError(`the binding must compile with ${compiler}, got ${errorLine(output)}`);
  }
  const tried = candidates.join(', ');
  throw new InstallError(`the build needs a compiler for ${variable === 'CC' ? 'C' : 'C++17'}, got none of ${tried}`);
}

/** @throws a damaged {@link InstallError} where the binding, or the library that it is linked with, does not load */
export function checkBinding(binding: string, wheel: Wheel): Promise<void> {
  return checkThatItLoads(join(binding, addonFolder, addonName), wheel);
}

async function checkThatItLoads(addon: string, wheel: Wheel): Promise<void> {
  const script = `process.stdout.write('version=' + require(${JSON.stringify(addon)}).TF_Version)`;
  const { output } = await runProcess(process.execPath, ['-e', script], { timeoutSeconds: 60 });
  if (!output.includes(`version=${wheel.version}`) || !existsSync(addon)) {
    throw new InstallError(`the binding must load as TensorFlow ${wheel.version}, got ${errorLine(output)}`, {
      damaged: true,
    });
  }
}
