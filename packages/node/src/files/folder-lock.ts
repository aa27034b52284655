import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from './error-code.ts';
import { isRunning, ownMark, type ProcessMark } from './owner-mark.ts';
import { makeFolder, removeTemporaries, temporaryPath, writeError } from './write-atomically.ts';

const BEAT = 10_000;
/** Milliseconds after which a lock of another machine that nobody touched is nobody's. */
const ABANDONED = 120_000;
const NAME = /^\.[\w-]+\.lock$/;

interface Holder extends ProcessMark {
  readonly id: string;
}

/** Whether a file's name is that of a lock. */
export function isLockName(name: string): boolean {
  return NAME.test(name);
}

/**
 * A lock in a folder, which ends with its process: one whose process was killed is taken over. What a killed process was writing in the folder is
 * removed. In a folder that cannot be written nobody has to be kept out.
 *
 * @returns what gives it back
 * @throws if another process, or this one, has it
 */
export async function lockFolder(root: string, name: string, label: string): Promise<() => Promise<void>> {
  const path = join(root, `.${name}.lock`);
  const mine: Holder = { ...ownMark(), id: randomUUID() };
  const temporary = temporaryPath(path);
  try {
    await makeFolder(dirname(path));
    await writeFile(temporary, JSON.stringify(mine), { flag: 'wx' });
    await take(path, temporary, name, label);
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '')) return async () => undefined;
    throw error instanceof HeldError ? error : writeError(error, path, 0, 'fileFolder.lock');
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  await removeTemporaries(root).catch(() => undefined);
  const beat = setInterval(() => void touch(path), BEAT);
  beat.unref();
  return async () => {
    clearInterval(beat);
    // Where it can no longer be removed, it ends with this process.
    if ((await holderOf(path))?.id === mine.id) await rm(path, { force: true }).catch(() => undefined);
  };
}

/** Links `temporary` to `path`: there is one at a time, and it is never read half written. */
async function take(path: string, temporary: string, name: string, label: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      return await link(temporary, path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = await holderOf(path);
    if (holder !== undefined && (await isHeld(path, holder))) throw heldError(holder, name, label);
    await removeStale(path, holder);
  }
  throw new HeldError(
    `fileFolder.lock: '${name}' must be done by one process at a time in ${label}, got several at once`,
  );
}

/** Takes a lock away that nobody holds; one that somebody took in the meantime is put back. */
async function removeStale(path: string, holder: Holder | undefined): Promise<void> {
  const aside = temporaryPath(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if ((await holderOf(aside))?.id !== holder?.id) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isHeld(path: string, holder: Holder): Promise<boolean> {
  const running = isRunning(holder);
  if (running !== undefined && (running === false || holder.started !== '')) return running;
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < ABANDONED;
}

/** Undefined if there is none, or what there is says nothing of a process. */
async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    const { machine, pid, started, id } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    if (typeof machine !== 'string' || typeof started !== 'string' || typeof id !== 'string') return undefined;
    return Number.isSafeInteger(pid) && pid! > 0 ? { machine, pid: pid!, started, id } : undefined;
  } catch {
    return undefined;
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

class HeldError extends Error {
  override readonly name = 'HeldError';
}

function heldError({ machine, pid }: Holder, name: string, label: string): HeldError {
  const here = machine === ownMark().machine;
  const who = here && pid === process.pid ? 'this process' : `process ${pid}${here ? '' : ' of another machine'}`;
  return new HeldError(
    `fileFolder.lock: '${name}' must be done by one at a time in ${label}, got ${who} doing it already`,
  );
}
