import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A file that `heed` can run by name. */
export interface FoundModule {
  /** `nlp/letter-to-sound` */
  readonly name: string;
  readonly file: string;
}

/** Where to look. In a clone of Heed examples are sources; in a project that installed packages, what these carry. */
export interface SearchPlace {
  /** Root of a clone; undefined outside of one. */
  readonly clone: string | undefined;
  /** From here upwards `node_modules` are searched. */
  readonly from: string;
}

/** Run from source, this file stands in `packages/node/src/examples` of a clone, which may be sought from anywhere. */
export function searchPlace(): SearchPlace {
  const here = fileURLToPath(import.meta.url);
  return { clone: here.endsWith('.ts') ? resolve(dirname(here), '../../../..') : undefined, from: process.cwd() };
}

/**
 * The modules of one kind of every package, sorted by name: in a clone `packages/*\/examples/<inside>*.ts`, elsewhere
 * `node_modules/@heed/*\/examples/dist/<inside>*.js`, the nearest of equal name.
 *
 * @param inside folder below the examples, e.g. `results`; '' for the examples themselves
 */
export async function findModules(place: SearchPlace, inside: string): Promise<FoundModule[]> {
  const found = new Map<string, FoundModule>();
  const add = async (packages: string, examples: string, extension: string): Promise<void> => {
    for (const folder of await namesIn(packages)) {
      const files = join(packages, folder, examples, inside);
      for (const file of await namesIn(files)) {
        const stem = file.slice(0, -extension.length);
        if (!file.endsWith(extension) || stem.includes('.')) continue;
        const name = `${folder}/${stem}`;
        if (!found.has(name)) found.set(name, { name, file: join(files, file) });
      }
    }
  };
  if (place.clone !== undefined) {
    await add(join(place.clone, 'packages'), 'examples', '.ts');
  } else {
    for (const folder of ancestors(place.from))
      await add(join(folder, 'node_modules', '@heed'), 'examples/dist', '.js');
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The module's default export. */
export async function loadDefault({ file }: FoundModule): Promise<unknown> {
  const module: unknown = await import(pathToFileURL(file).href);
  return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
}

/** Where runs keep checkpoints and reports: in the clone, or in the project, in `.heed`. */
export function stateFolder(place: SearchPlace, ...parts: string[]): string {
  return join(place.clone ?? place.from, '.heed', ...parts);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

function ancestors(from: string): string[] {
  const folders: string[] = [];
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) return folders;
  }
}
