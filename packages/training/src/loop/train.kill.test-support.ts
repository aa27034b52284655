/** A training that is to be killed: `node train.kill.test-support.ts <folder>` goes on from the folder's checkpoints and prints its events. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Folder } from '../folders/folder.ts';
import { setUp, weights } from './train.test-support.ts';
import { train } from './train.ts';

export const STEPS = 60;

/** The least that a folder on disk must do. */
export function diskFolder(root: string): Folder {
  return {
    label: root,
    read: (name) => readFile(join(root, name)),
    async write(name, data) {
      const path = join(root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.part`, data);
      await rename(`${path}.part`, path);
    },
    async list() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    },
    remove: (name) => rm(join(root, name), { force: true }),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = diskFolder(process.argv[2]);
  const { model, options } = setUp({ epochs: STEPS / 5, checkpoints: { folder, everySteps: 1, keepLast: 2 } });
  for await (const event of train(options)) process.stdout.write(`${JSON.stringify(event)}\n`);
  process.stdout.write(`${JSON.stringify({ type: 'weights', weights: weights(model) })}\n`);
}
