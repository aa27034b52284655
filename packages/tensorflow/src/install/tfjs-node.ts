import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageName = '@tensorflow/tfjs-node';

/** One installed copy of tfjs-node. */
export interface TfjsNode {
  /** Its folder, links resolved. */
  readonly folder: string;
  readonly version: string;
}

/**
 * Finds the copies of tfjs-node that are of interest: the one which `project` (a folder) resolves to; or, where no project
 * is named, the one which @heed/tensorflow itself resolves to and the one which the working folder does. Usually these
 * are the same; there may be none.
 */
export function findTfjsNode(project?: string): TfjsNode[] {
  const starts = project === undefined ? [dirname(fileURLToPath(import.meta.url)), process.cwd()] : [resolve(project)];
  const folders = starts.map(lookUp).filter((folder) => folder !== undefined);
  return [...new Set(folders)].map(describe);
}

// Node's own resolution would also look into NODE_PATH, which package managers set to folders of other projects.
function lookUp(start: string): string | undefined {
  const folder = join(start, 'node_modules', packageName);
  if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
  return dirname(start) === start ? undefined : lookUp(dirname(start));
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
