import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { openPromise } from 'yauzl';

/**
 * Takes one file out of an archive (.tgz, .tar.gz, .tar, .zip, .whl).
 *
 * @param wanted its path inside, with `strip` leading folders (the archive's root folder, whose name varies) left out
 * @param target where it is put
 * @throws if there is no such file inside
 */
export async function extractEntry(archive: string, wanted: string, strip: 0 | 1, target: string): Promise<void> {
  const matches = (path: string): boolean => path.split('/').slice(strip).join('/') === wanted;
  const found = /\.(zip|whl)$/.test(archive)
    ? await fromZip(archive, matches, target)
    : await fromTar(archive, matches, target);
  if (!found) throw new Error(`the package must contain '${wanted}', got none in ${archive.split('/').at(-1)}`);
}

async function fromZip(archive: string, matches: (path: string) => boolean, target: string): Promise<boolean> {
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!matches(entry.fileName)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
      return true;
    }
    return false;
  } finally {
    zip.close();
  }
}

async function fromTar(archive: string, matches: (path: string) => boolean, target: string): Promise<boolean> {
  const folder = `${target}.entries`;
  await mkdir(folder);
  let path: string | undefined;
  await pipeline(
    createReadStream(archive),
    extract({
      cwd: folder,
      filter: (name, entry) => {
        const wanted = 'type' in entry && entry.type === 'File' && matches(name);
        if (wanted) path = name;
        return wanted;
      },
    }),
  );
  if (path === undefined) return false;
  await rename(join(folder, path), target);
  return true;
}
