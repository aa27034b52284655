import type { DatasetFile } from '@heed/training';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../files/error-code.ts';
import { makeFolder, removeTemporaries, temporaryPath } from '../files/write-atomically.ts';

/** Content that was checked: on the disk, or in memory where the cache cannot be written. */
export type Received = { readonly path: string } | { readonly content: Uint8Array };

/** What came is not what the card names. Nothing of it was kept. */
export class WrongContentError extends Error {
  override readonly name = 'WrongContentError';
}

/** The cache folder cannot be written. */
export class CacheError extends Error {
  override readonly name = 'CacheError';
}

/**
 * Takes in a file's content, into `path` by a temporary name and a rename, or without a path into memory, and checks length
 * and sum on the way.
 *
 * @throws WrongContentError if it is not the file that the card names: then nothing is kept
 * @throws CacheError if `path` cannot be written
 */
export async function receive(
  chunks: AsyncIterable<Uint8Array>,
  file: DatasetFile,
  path: string | undefined,
  onBytes: (received: number) => void,
): Promise<Received> {
  const keep = path === undefined ? memoryKeeper() : await cacheKeeper(path);
  try {
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > file.bytes)
        throw new WrongContentError(`must have ${file.bytes} bytes, got more; it was not kept`);
      hash.update(chunk);
      await keep.write(chunk);
      onBytes(received);
    }
    check(file, received, hash.digest('hex'));
    return await keep.finish();
  } catch (error) {
    await keep.discard();
    throw error;
  }
}

/** Reads a file on the disk through and checks it. @throws WrongContentError if it is another */
export async function verify(path: string, file: DatasetFile, signal: AbortSignal | undefined): Promise<void> {
  // A pipe may never give anything, and a device never end.
  if (!(await stat(path)).isFile()) throw new WrongContentError('must be a file, got a folder, a pipe or a device');
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { ...(signal && { signal }) }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > file.bytes) throw new WrongContentError(`must have ${file.bytes} bytes, got more`);
    hash.update(chunk);
  }
  check(file, bytes, hash.digest('hex'));
}

function check({ bytes, sha256 }: DatasetFile, received: number, sum: string): void {
  if (sum === sha256) return;
  const rule = received === bytes ? `must have sha256 ${sha256}` : `must have ${bytes} bytes with sha256 ${sha256}`;
  throw new WrongContentError(`${rule}, got ${received} bytes with ${sum}; it was not kept`);
}

interface Keeper {
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<Received>;
  discard(): Promise<void>;
}

function memoryKeeper(): Keeper {
  const chunks: Uint8Array[] = [];
  return {
    write: async (chunk) => void chunks.push(chunk),
    finish: async () => ({ content: Buffer.concat(chunks) }),
    discard: async () => undefined,
  };
}

async function cacheKeeper(path: string): Promise<Keeper> {
  const temporary = temporaryPath(path);
  const guard = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      const reason = errorCode(error) === 'ENOSPC' ? 'the disk is full' : 'it cannot be written';
      throw new CacheError(`${reason}: ${dirname(path)} (${errorCode(error) ?? String(error)})`, { cause: error });
    }
  };
  const file: FileHandle = await guard(async () => {
    await makeFolder(dirname(path));
    await removeTemporaries(dirname(path), false);
    return open(temporary, 'wx');
  });
  return {
    write: (chunk) => guard(async () => void (await file.writeFile(chunk))),
    finish: () =>
      guard(async () => {
        await file.sync();
        await file.close();
        await rename(temporary, path);
        return { path };
      }),
    discard: async () => {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
    },
  };
}
