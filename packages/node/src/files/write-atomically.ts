import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './error-code.ts';

const TEMPORARY = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** Whether a file's name is one that `writeAtomically` uses while it writes; such a file is left only by a killed process. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** A path beside `path`, on the same file system, under which it can be prepared before it is renamed. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
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

/** With parents. On a read-only disk the recursive mkdir says ENOENT; that of the first missing folder alone has the reason. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    let missing = path;
    while (!existsSync(dirname(missing))) missing = dirname(missing);
    await mkdir(missing);
    await mkdir(path, { recursive: true });
  }
}

/** The rename itself reaches the disk only with its folder. Some systems cannot sync a folder; the file is whole all the same. */
async function syncFolder(path: string): Promise<void> {
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
function writeError(error: unknown, path: string, bytes: number, caller: string): Error {
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
