import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar';
import { openPromise } from 'yauzl';

/**
 * Takes one file out of an archive (.tgz, .tar.gz, .tar, .zip, .whl).
 *
 * @param wanted its path inside, with `strip` leading folders (the archive's root folder, whose name varies) left out
 * @param target where it is put
 * @param bytes that it has; of a longer one no more is written
 * @throws if there is no such file inside, it is longer, or the archive becomes more than a hundred times larger when it is unpacked
 */
export async function extractEntry(
  archive: string,
  wanted: string,
  strip: 0 | 1,
  target: string,
  bytes: number,
): Promise<void> {
  const matches = (path: string): boolean => path.split('/').slice(strip).join('/') === wanted;
  const found = /\.(zip|whl)$/.test(archive)
    ? await fromZip(archive, matches, target, bytes)
    : await fromTar(archive, matches, target, bytes);
  if (!found) throw new Error(`the package must contain '${wanted}', got none in ${archive.split('/').at(-1)}`);
}

type Matches = (path: string) => boolean;

/** Of an archive that is unpacked: what people pack becomes some ten times larger, what is made to do harm a thousand times. */
const MOST_RATIO = 100;
const SMALL = 2 ** 26;

/** Passes on so many bytes and fails at the next. */
function atMost(bytes: number, name: string): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      passed += chunk.length;
      if (passed > bytes) done(tooLong(name, bytes));
      else done(null, chunk);
    },
  });
}

function tooLong(name: string, bytes: number): Error {
  return new Error(`${name} in the archive must have at most ${bytes} bytes, got more`);
}

async function fromZip(archive: string, matches: Matches, target: string, bytes: number): Promise<boolean> {
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!matches(entry.fileName)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), atMost(bytes, entry.fileName), createWriteStream(target));
      return true;
    }
    return false;
  } finally {
    zip.close();
  }
}

async function fromTar(archive: string, matches: Matches, target: string, bytes: number): Promise<boolean> {
  const folder = `${target}.entries`;
  await mkdir(folder);
  let path: string | undefined;
  const packed = (await stat(archive)).size;
  const zipped = /\.t?gz$/.test(archive);
  let long = false;
  const unpack = extract({
    cwd: folder,
    filter: (name, entry) => {
      if (!('type' in entry) || entry.type !== 'File' || !matches(name)) return false;
      if (entry.size > bytes) long = true;
      else path = name;
      return !long;
    },
  });
  const limit = atMost(Math.max(SMALL, MOST_RATIO * packed), basename(archive));
  const file = createReadStream(archive);
  if (zipped) await pipeline(file, createGunzip(), limit, unpack);
  else await pipeline(file, unpack);
  if (long) throw tooLong('the file', bytes);
  if (path === undefined) return false;
  await rename(join(folder, path), target);
  return true;
}
