import { existsSync, readdirSync } from 'node:fs';
import { cp, rename, symlink } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

import { addonName } from './binding.ts';
import { cached } from './cache.ts';
import { InstallError } from './install-error.ts';
import { platform } from './platform.ts';
import type { InstallProgress } from './progress.ts';
import { errorLine, runProcess } from './run-process.ts';
import type { TfjsNode } from './tfjs-node.ts';

/** The name in the cache of what tfjs-node's own install script downloads. */
function upstreamName(tfjsNode: TfjsNode): string {
  return `upstream-tfjs-${tfjsNode.version}-${platform}`;
}

/**
 * Gives a folder with what tfjs-node's own install script downloads: an older TensorFlow and a ready binding, without
 * functions. The script rewrites files of its package, so it runs in a copy.
 */
export function provideUpstream(
  root: string,
  tfjsNode: TfjsNode,
  onProgress: (progress: InstallProgress) => void,
): Promise<string> {
  return cached(root, upstreamName(tfjsNode), async (folder, staging) => {
    onProgress({ step: 'upstream', message: `downloading TensorFlow as tfjs-node ${tfjsNode.version} does` });
    const copy = join(staging, 'tfjs-node');
    const leftOut = ['node_modules', 'deps', 'lib', 'build', 'dist', 'src'].map((name) => join(tfjsNode.folder, name));
    await cp(tfjsNode.folder, copy, { recursive: true, filter: (source) => !leftOut.includes(source) });
    // Its dependencies are where they are for the package itself: beside it, or inside it.
    await symlink(resolve(tfjsNode.folder, '..', '..'), join(staging, 'node_modules'), 'junction');
    await symlink(join(tfjsNode.folder, 'node_modules'), join(copy, 'node_modules'), 'junction');
    const commands = [join(copy, 'node_modules', '.bin'), join(staging, 'node_modules', '.bin')];
    const path = [...commands, process.env['PATH'] ?? ''].join(delimiter);
    const { code, output } = await runProcess(process.execPath, [join('scripts', 'install.js')], {
      cwd: copy,
      env: { PATH: path },
      timeoutSeconds: 900,
    });
    if (code !== 0 || !hasAddon(join(copy, 'lib'))) {
      throw new InstallError(`tfjs-node's own download must succeed, got ${errorLine(output)}`);
    }
    for (const name of ['deps', 'lib']) await rename(join(copy, name), join(folder, name));
  });
}

function hasAddon(folder: string): boolean {
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith(addonName))
  );
}
