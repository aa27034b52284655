import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { InstallError, reasonOf } from './install-error.ts';

const dayInMilliseconds = 24 * 60 * 60 * 1000;
const stagingPrefix = '.staging-';

/**
 * Gives the folder `name` of the cache, made by `make` if it is not there yet.
 *
 * `make` fills a staging folder of its own beside it, which then takes the name in one rename: a folder in the cache is
 * whole or absent, however many processes work at once and wherever one is interrupted.
 */
export async function cached(
  root: string,
  name: string,
  make: (folder: string, staging: string) => Promise<void>,
): Promise<string> {
  const target = join(root, name);
  if (existsSync(target)) return target;
  const staging = await makeStaging(root);
  try {
    const folder = join(staging, name);
    await mkdir(folder);
    await make(folder, staging);
    await rename(folder, target).catch((error: unknown) => {
      // Another process was first; its folder is as good as ours.
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return target;
}

async function makeStaging(root: string): Promise<string> {
  try {
    await makeFolders(root);
    await removeAbandoned(root);
    return await mkdtemp(join(root, stagingPrefix));
  } catch (error) {
    throw new InstallError(
      `the cache folder must be writable, got ${root} (${reasonOf(error)}); HEED_CACHE names another`,
      { cause: error, fatal: true },
    );
  }
}

/** `mkdir` with `recursive` never returns where a parent exists that cannot hold folders, as /proc. */
async function makeFolders(path: string): Promise<void> {
  if (existsSync(path)) return;
  await makeFolders(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    if (!existsSync(path)) throw error;
  });
}

/** Removes what processes that were killed have left behind. */
async function removeAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(stagingPrefix)) continue;
    const path = join(root, name);
    const info = await stat(path).catch(() => undefined);
    if (info && Date.now() - info.mtimeMs > dayInMilliseconds) await rm(path, { recursive: true, force: true });
  }
}
