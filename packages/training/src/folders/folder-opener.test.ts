import { afterEach, describe, expect, it } from 'vitest';
import { openFolder, registerFolderOpener } from './folder-opener.ts';
import type { Folder } from './folder.ts';

const empty: Folder = {
  label: 'nowhere',
  read: (name) => Promise.reject(new Error(`no ${name}`)),
  write: () => Promise.resolve(),
  list: () => Promise.resolve([]),
  remove: () => Promise.resolve(),
};

describe('openFolder', () => {
  afterEach(() => registerFolderOpener(undefined));

  it('returns a folder as it is', () => {
    expect(openFolder(empty)).toBe(empty);
  });

  it('asks the registered opener about a path', () => {
    registerFolderOpener((path) => ({ ...empty, label: path }));
    expect(openFolder('./translator').label).toBe('./translator');
  });

  it('says what to do when nothing understands paths', () => {
    expect(() => openFolder('./translator')).toThrow(/openFolder: .*got '\.\/translator'.*startBackend\(\)/);
  });
});
