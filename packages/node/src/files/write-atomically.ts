import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './error-code.ts';
import { isRunning, machineMark } from './owner-mark.ts';

const TEMPORARY = /^\..+\.(?:[0-9a-f]{8}-[0-9a-f]+-)?[0-9a-f]{12}\.tmp$/;
const DAY = 24 * 60 * 60 * 1000;

/** Whether a file's name is one that `writeAtomically` uses while it writes; such a file is left only by a killed process. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** A path beside `path`, on the same file system, under which it can be prepared before it is renamed. It says whose it is. */
export function temporaryPath(path: string): string {
  const whose = `${machineMark()}-${process.pid.toString(16)}`;
  return join(dirname(path), `.${basename(path).slice(0, 150)}.${whose}-${randomBytes(6).toString('hex')}.tmp`);
}

/** Removes what killed processes were writing in a folder, and below it. */
export async function removeTemporaries(root: string, recursive = true): Promise<void> {
  for (const entry of await readdir(root, { recursive, withFileTypes: true })) {
    if (!isTemporaryName(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    if (await isAbandoned(entry.name, path)) await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(name: string, path: string): Promise<boolean> {
  const [machine, pid] = name.split('.').at(-2)!.split('-');
  const running = pid === undefined ? undefined : isRunning({ machine, pid: Number.parseInt(pid, 16), started: '' });
  if (running !== undefined) return !running;
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > DAY;
}

/**
 * Writes a file so that a reader, and a machine that loses power, sees the old content or the new, never a part: to a
 * temporary name, to the disk, then renamed. Makes missing parents.
 *
 * @param caller the function whose name errors carry
 * @throws if the folder cannot be written or the disk is full; an existing file is then left as it was
 */
export async function writeAtomically(path: string, data: Uint8Array | string, caller: string): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(error, path, data.length, caller);
  }
}

/** With parents, one by one: node's recursive mkdir never returns below a folder that cannot hold any, as /proc. */
export async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    if (!existsSync(path)) throw error;
  });
}

/** The rename itself reaches the disk only with its folder. Some systems cannot sync a folder; the file is whole all the same. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    return;
  }
}

/** An error that says which rule a failed write broke. */
export function writeError(error: unknown, path: string, bytes: number, caller: string): Error {
  const code = errorCode(error);
  const rule = (): string => {
    switch (code) {
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return `the folder must be writable, got ${dirname(path)}`;
      case 'ENOSPC':
      case 'EDQUOT':
        return `the disk is full: ${bytes} bytes needed for ${path}`;
      case 'ENOENT':
        return `the folder must be one that can hold folders, got ${dirname(path)}`;
      case 'ENOTDIR':
      case 'EEXIST':
        return `every parent must be a folder, got a file on the way to ${path}`;
      case 'EISDIR':
        return `the name must be free or a file's, got the folder ${path}`;
      default:
        return `cannot write ${path}`;
    }
  };
  return new Error(`${caller}: ${rule()} (${code ?? String(error)}); nothing was changed`, { cause: error });
}
