import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
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
const require = createRequire(import.meta.url);
const nativeFolder = fileURLToPath(new URL('../../native/', import.meta.url));

/** The name in the cache of the binding: it changes with the library, tfjs-node, and our own additions. */
function bindingName(wheel: Wheel, tfjsNode: TfjsNode): string {
  const hash = createHash('sha256');
  for (const folder of [nativeFolder, join(tfjsNode.folder, 'binding')]) {
    for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)));
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
    await compileAddon(
      'CXX',
      ['c++', 'g++', 'clang++'],
      [
        '-std=c++17',
        ...shared,
        `-I${sources}`,
        `-I${join(library, 'include')}`,
        join(nativeFolder, 'heed_binding.cc'),
        join(sources, 'tfjs_backend.cc'),
        `-o${join(addons, addonName)}`,
        ...wheel.libraries.map((name) => join(library, 'lib', name)),
        `-Wl,-rpath,${process.platform === 'darwin' ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
      ],
    );
    await compileAddon(
      'CC',
      ['cc', 'gcc', 'clang'],
      [...shared, join(nativeFolder, 'hold_stderr.c'), `-o${join(addons, holdStderrName)}`],
    );
    await checkThatItLoads(join(addons, addonName), wheel);
  });
}

function nodeApiHeaders(): string {
  return join(dirname(require.resolve('node-api-headers/package.json')), 'include');
}

function linkFlags(): string[] {
  return process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
}

async function compileAddon(variable: string, compilers: readonly string[], args: readonly string[]): Promise<void> {
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

async function checkThatItLoads(addon: string, wheel: Wheel): Promise<void> {
  const script = `process.stdout.write('version=' + require(${JSON.stringify(addon)}).TF_Version)`;
  const { output } = await runProcess(process.execPath, ['-e', script], { timeoutSeconds: 60 });
  if (!output.includes(`version=${wheel.version}`) || !existsSync(addon)) {
    throw new InstallError(`the binding must load as TensorFlow ${wheel.version}, got ${errorLine(output)}`);
  }
}
