import { randomUUID } from 'node:crypto';
import { cp, lstat, mkdir, readFile, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { InstallError, reasonOf } from './install-error.ts';
import type { TfjsNode } from './tfjs-node.ts';

/**
 * Puts a binding into a tfjs-node folder: `deps` becomes a link to the library, the addons are copied into `lib/`.
 * Returns whether anything had to be done. Files take their names by rename: a package folder may share its files with a
 * package store, so nothing in it is ever written in place.
 */
export async function linkInto(tfjsNode: TfjsNode, binding: string, library: string): Promise<boolean> {
  try {
    const linked = await linkLibrary(join(tfjsNode.folder, 'deps'), library);
    const copied = await copyAddons(join(binding, 'lib'), join(tfjsNode.folder, 'lib'));
    return linked || copied;
  } catch (error) {
    throw new InstallError(`the folder of tfjs-node must be writable, got ${tfjsNode.folder} (${reasonOf(error)})`, {
      cause: error,
      fatal: true,
    });
  }
}

async function linkLibrary(deps: string, library: string): Promise<boolean> {
  if ((await readlink(deps).catch(() => undefined)) === library) return false;
  const link = temporaryName(deps);
  await symlink(library, link, 'junction');
  const existing = await lstat(deps).catch(() => undefined);
  // A real folder is upstream's download; a link can be replaced by a rename, a folder cannot.
  if (existing?.isDirectory()) await rm(deps, { recursive: true, force: true });
  await rename(link, deps);
  return true;
}

async function copyAddons(source: string, target: string): Promise<boolean> {
  let copied = false;
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory()) {
      copied = (await copyAddons(from, to)) || copied;
    } else if (!(await sameContent(from, to))) {
      await mkdir(target, { recursive: true });
      const temporary = temporaryName(to);
      await cp(from, temporary, { verbatimSymlinks: true });
      await rename(temporary, to);
      copied = true;
    }
  }
  return copied;
}

async function sameContent(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => readFile(path).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.equals(b);
}

function temporaryName(path: string): string {
  return `${path}.${randomUUID()}`;
}
