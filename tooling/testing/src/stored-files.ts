import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is asked of a data set's card. */
interface Card {
  readonly name: string;
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly mirror?: string }[];
}

/** Reads a data set's files, as what `fetchData` gives. */
export interface StoredFiles {
  read(name: string): Promise<Uint8Array>;
}

/**
 * The files of a data set, from a mirror (`HEED_DATA`) or from where `fetchData` keeps them: the suite itself downloads nothing.
 *
 * @returns undefined where one of them is in neither; a printed line says so
 */
export function storedFiles({ name: dataset, files }: Card): StoredFiles | undefined {
  const mirrors = process.env.HEED_DATA ?? '../shared/data';
  const cache = join(process.env.HEED_CACHE ?? join(homedir(), '.cache', 'heed'), 'data', dataset);
  const paths = new Map<string, string>();
  for (const { name, sha256, mirror = join(dataset, name) } of files) {
    const path = [join(mirrors, mirror), join(cache, sha256.slice(0, 12), name)].find((place) => existsSync(place));
    if (path === undefined) {
      process.stdout.write(`${dataset}: skipped, ${name} is neither in HEED_DATA nor in the cache\n`);
      return undefined;
    }
    paths.set(name, path);
  }
  return { read: (name) => Promise.resolve(new Uint8Array(readFileSync(paths.get(name)!))) };
}
