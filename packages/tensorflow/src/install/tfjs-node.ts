import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const packageName = '@tensorflow/tfjs-node';

/** One installed copy of tfjs-node. */
export interface TfjsNode {
  /** Its folder, links resolved. */
  readonly folder: string;
  readonly version: string;
}

/**
 * Finds the copies of tfjs-node that are of interest: first the one which @heed/tensorflow itself resolves to, then the
 * one which `from` (a project's folder) resolves to. Usually they are the same; there may be none.
 */
export function findTfjsNode(from: string): TfjsNode[] {
  const starts = [import.meta.url, pathToFileURL(join(from, 'package.json'))];
  const folders = starts.flatMap((start) => {
    try {
      return [realpathSync(dirname(createRequire(start).resolve(`${packageName}/package.json`)))];
    } catch {
      return [];
    }
  });
  return [...new Set(folders)].map(describe);
}

/** All copies in the virtual store of a pnpm workspace: there is one for each set of peers. */
export function findTfjsNodeInWorkspace(root: string): TfjsNode[] {
  const store = join(root, 'node_modules', '.pnpm');
  if (!existsSync(store)) return findTfjsNode(root);
  return readdirSync(store)
    .filter((name) => name.startsWith('@tensorflow+tfjs-node@'))
    .map((name) => join(store, name, 'node_modules', packageName))
    .filter((folder) => existsSync(folder))
    .map((folder) => describe(realpathSync(folder)));
}

function describe(folder: string): TfjsNode {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { folder, version };
}
