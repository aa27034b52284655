import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

import { InstallError, reasonOf } from './install-error.ts';

const dayInMilliseconds = 24 * 60 * 60 * 1000;
const stagingPrefix = '.staging-';
/** Says whose a staging folder is: numbers of processes are those of one machine. */
const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const ownPrefix = `${stagingPrefix}${machine}-${process.pid}-`;

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
  if (existsSync(target)) {
    for (const folder of [root, target]) await requireOwn(folder);
    // whoever was killed after its folder had taken the name left the rest of its staging
    await removeAbandoned(root).catch(() => undefined);
    return target;
  }
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
    await requireOwn(root);
    await removeAbandoned(root);
    return await mkdtemp(join(root, ownPrefix));
  } catch (error) {
    if (error instanceof InstallError) throw error;
    throw new InstallError(
      `the cache folder must be writable, got ${root} (${reasonOf(error)}); HEED_CACHE names another`,
      { cause: error, fatal: true },
    );
  }
}

const writableByGroup = 0o020;
const writableByAll = 0o002;

/** What is in the cache is native code that this user runs: nobody else but root may put it there. A group of the user's own name is the user. */
async function requireOwn(folder: string): Promise<void> {
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  if (user === undefined) return; // Windows
  const { uid, gid, mode } = await stat(folder);
  const others = (mode & writableByAll) !== 0 || ((mode & writableByGroup) !== 0 && gid !== group && gid !== 0);
  if ((uid === user || uid === 0) && !others) return;
  const got = others ? `mode ${(mode & 0o777).toString(8)}` : `one of user ${uid}`;
  throw new InstallError(
    `the cache folder must be this user's and writable by nobody else, got ${got} for ${folder}; HEED_CACHE names another`,
    { fatal: true },
  );
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
    if (await isAbandoned(name, path)) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isAbandoned(name: string, path: string): Promise<boolean> {
  const [where, pid] = name.slice(stagingPrefix.length).split('-');
  if (where === machine && !isRunning(Number(pid))) return true;
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > dayInMilliseconds;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
