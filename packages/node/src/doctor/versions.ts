import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { SearchPlace } from '../examples/find-modules.ts';

/** The @heed packages at hand and their versions, e.g. `@heed/nlp 0.1.0`. */
export async function heedVersions({ clone, from }: SearchPlace): Promise<string[]> {
  const folder = clone === undefined ? await installedFolder(from) : join(clone, 'packages');
  if (folder === undefined) return [];
  const versions: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    try {
      const manifest = JSON.parse(await readFile(join(folder, name, 'package.json'), 'utf8')) as Record<string, string>;
      versions.push(`${manifest.name} ${manifest.version}`);
    } catch {
      continue;
    }
  }
  return versions;
}

async function installedFolder(from: string): Promise<string | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const packages = join(folder, 'node_modules', '@heed');
    const found = await readdir(packages).catch(() => undefined);
    if (found !== undefined) return packages;
    if (folder === dirname(folder)) return undefined;
  }
}
