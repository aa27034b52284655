const LONGEST_POINTER = 1024;
const POINTER = /^version https:\/\/git-lfs\.github\.com\/spec\/v\d/;

/**
 * Refuses a pointer of git's large-file storage: what a clone has in a large file's place where `git lfs` is not installed.
 *
 * @param what how the message calls the content: 'model.safetensors in ./bert'
 * @throws if the content is such a pointer, saying how to get the file
 *
 * @example
 * ```ts
 * import { requireNoLfsPointer } from '@heed/attention-core';
 * requireNoLfsPointer('config.json', new TextEncoder().encode('{}')); // nothing: it is the file itself
 * ```
 */
export function requireNoLfsPointer(what: string, content: Uint8Array): void {
  if (content.length > LONGEST_POINTER) return;
  const text = new TextDecoder().decode(content);
  if (!POINTER.test(text)) return;
  const size = /^size (\d+)$/m.exec(text)?.[1] ?? 'unknown';
  throw new Error(
    `${what} must be the file itself, got its git-LFS pointer, which stands for ${size} bytes: \`git lfs pull\` gets it`,
  );
}
