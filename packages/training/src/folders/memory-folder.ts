import type { Folder } from './folder.ts';

/**
 * A folder in memory, for tests and for browsers without storage.
 *
 * @example
 * ```ts
 * import { memoryFolder } from '@heed/training';
 * const folder = memoryFolder();
 * await folder.write('model/config.json', new TextEncoder().encode('{}'));
 * await folder.list(); // ['model/config.json']
 * ```
 */
export function memoryFolder(label = 'memory'): Folder {
  const files = new Map<string, Uint8Array>();
  const locks = new Set<string>();
  return {
    label,
    async read(name) {
      const data = files.get(name);
      if (data === undefined)
        throw new Error(`memoryFolder: there must be a file of that name, got "${name}" in ${label}`);
      return data.slice();
    },
    async write(name, data) {
      if (name === '' || name.startsWith('/') || name.split('/').includes('..')) {
        throw new Error(`memoryFolder: a name must be relative and without "..", got "${name}"`);
      }
      files.set(name, data.slice());
    },
    async list() {
      return [...files.keys()].toSorted();
    },
    async remove(name) {
      files.delete(name);
    },
    async lock(name) {
      if (locks.has(name)) {
        throw new Error(`memoryFolder: "${name}" must be done by one at a time, got a second one in ${label}`);
      }
      locks.add(name);
      return async () => void locks.delete(name);
    },
  };
}
