import type { FileSource, Folder } from './folder.ts';

let opener: ((path: string) => Folder) | undefined;

/**
 * Makes path strings stand for folders wherever a `Folder` is taken: `model.save('./translator')`.
 * `@heed/node`'s `startBackend()` registers the file system; `undefined` takes it away again.
 */
export function registerFolderOpener(open: ((path: string) => Folder) | undefined): void {
  opener = open;
}

/**
 * The folder that `folder` stands for: itself, or what the registered opener makes of a path string.
 *
 * @throws if `folder` is a string and nothing is registered that understands paths
 *
 * @example
 * ```ts
 * import { openFolder, type Folder } from '@heed/training';
 * async function hasWeights(where: Folder | string): Promise<boolean> {
 *   return (await openFolder(where).list()).includes('model.safetensors');
 * }
 * ```
 */
export function openFolder(folder: Folder | string): Folder;
export function openFolder(folder: FileSource | string): FileSource;
export function openFolder(folder: FileSource | string): FileSource {
  if (typeof folder !== 'string') return folder;
  if (opener !== undefined) return opener(folder);
  throw new Error(
    `openFolder: a path needs something that understands paths, got '${folder}': ` +
      `call startBackend() of @heed/node first, or pass a Folder`,
  );
}
