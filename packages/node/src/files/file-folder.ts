import type { Folder } from '@heed/training';
import { lstat, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { errorCode } from './error-code.ts';
import { isLockName, lockFolder } from './folder-lock.ts';
import { isRelativeName } from './relative-name.ts';
import { isTemporaryName, makeFolder, syncFolder, writeAtomically } from './write-atomically.ts';

/**
 * A `Folder` over the file system. It is made with the first write; a write is atomic and on the disk when its promise is
 * kept. `startBackend()` registers it for path strings, so `model.save('./translator')` needs no call of this.
 *
 * @param path absolute, or relative to the present working directory
 * @throws (from `write`) if the folder is read-only or the disk full; (from `read`) if there is no such file; (from all) if
 * a name is absolute or contains `..`
 *
 * @example
 * ```ts
 * import { fileFolder } from '@heed/node';
 * const folder = fileFolder('.heed/translator');
 * await folder.write('notes/first.txt', new TextEncoder().encode('hello'));
 * console.log(await folder.list()); // ['notes/first.txt']
 * ```
 */
export function fileFolder(path: string): Folder {
  const root = resolve(path);
  const locate = (name: string, method: string): string => {
    checkName(name, method);
    return join(root, ...name.split('/'));
  };
  return {
    label: path,

    async read(name) {
      const file = locate(name, 'read');
      try {
        return await readFile(file);
      } catch (error) {
        const code = errorCode(error);
        const rule =
          code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no file' : `cannot read (${code ?? String(error)})`;
        throw new Error(`fileFolder.read: ${rule} '${name}' in ${path}`, { cause: error });
      }
    },

    async write(name, data) {
      const file = locate(name, 'write');
      await refuseLinks(root, name, 'write');
      await writeAtomically(file, data, 'fileFolder.write');
    },

    async rename(from, to) {
      const [source, target] = [locate(from, 'rename'), locate(to, 'rename')];
      await refuseLinks(root, from, 'rename');
      await refuseLinks(root, to, 'rename');
      try {
        await makeFolder(dirname(target));
        await rename(source, target);
        await syncFolder(dirname(target));
        await removeEmptyFolders(dirname(source), root);
      } catch (error) {
        const code = errorCode(error) ?? String(error);
        throw new Error(`fileFolder.rename: cannot rename '${from}' to '${to}' in ${path} (${code})`, { cause: error });
      }
    },

    async lock(name) {
      if (!/^[\w-]+$/.test(name)) {
        throw new Error(`fileFolder.lock: a name must be of letters, digits, _ and -, got '${name}'`);
      }
      return lockFolder(root, name, path);
    },

    async list() {
      try {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => !entry.isDirectory() && !isTemporaryName(entry.name) && !isLockName(entry.name))
          .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
          .sort();
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return [];
        throw new Error(`fileFolder.list: cannot list ${path} (${errorCode(error) ?? String(error)})`, {
          cause: error,
        });
      }
    },

    async remove(name) {
      const file = locate(name, 'remove');
      await refuseLinks(root, name, 'remove');
      try {
        await rm(file, { force: true });
        await removeEmptyFolders(dirname(file), root);
      } catch (error) {
        throw new Error(
          `fileFolder.remove: cannot remove '${name}' in ${path} (${errorCode(error) ?? String(error)})`,
          {
            cause: error,
          },
        );
      }
    },
  };
}

/** A folder exists here while it holds a file: what a removal leaves empty goes too, up to the root, which stays. */
async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let empty = folder; empty.startsWith(root + sep); empty = dirname(empty)) {
    try {
      await rmdir(empty);
    } catch {
      return; // it holds something, or is gone already
    }
  }
}

/** A link on the way would lead out of the folder; a file itself that is a link is replaced, and what it leads to is left alone. */
async function refuseLinks(root: string, name: string, method: string): Promise<void> {
  const parts = name.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const folder = parts.slice(0, depth).join('/');
    const info = await lstat(join(root, folder)).catch(() => undefined);
    if (info === undefined) return;
    if (info.isSymbolicLink()) {
      throw new Error(
        `fileFolder.${method}: '${name}' must be in the folder itself, got the link '${folder}' on the way`,
      );
    }
  }
}

function checkName(name: string, method: string): void {
  if (!isRelativeName(name)) {
    throw new Error(
      `fileFolder.${method}: a name must be relative, with '/' between its parts and without '..', got '${name}'`,
    );
  }
}
