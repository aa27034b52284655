import { describe, expect, it } from 'vitest';
import { requireNoLfsPointer } from './lfs-pointer.ts';
import { readSafetensors } from './read-safetensors.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
// as `git lfs pointer` writes them
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 90868376\n`;
const message =
  'must be the file itself, got its git-LFS pointer, which stands for 90868376 bytes: `git lfs pull` gets it';

describe('a pointer of git-LFS', () => {
  it('is called one where a file should be', () => {
    expect(() => requireNoLfsPointer('model.safetensors', bytes(pointer))).toThrow(`model.safetensors ${message}`);
    expect(() => readSafetensors(bytes(pointer))).toThrow(`safetensors: ${message}`);
  });

  it('is told from what is none', () => {
    for (const text of ['', '{}', 'version 2', `version https://git-lfs.github.com/spec/v1${' '.repeat(2000)}`]) {
      expect(() => requireNoLfsPointer('a file', bytes(text))).not.toThrow();
    }
  });
});
