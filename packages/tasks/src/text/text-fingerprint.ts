import { fingerprint } from '@heed/training';

/**
 * A hash of texts, which tells one set of data from another (`fingerprint`).
 *
 * @example
 * ```ts
 * import { textFingerprint } from '@heed/tasks';
 * textFingerprint(['ab', 'c']) === textFingerprint(['a', 'bc']); // false
 * ```
 */
export function textFingerprint(texts: Iterable<string>): string {
  return fingerprint(characters(texts));
}

function* characters(texts: Iterable<string>): Generator<number> {
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) yield text.charCodeAt(i);
    yield -1;
  }
}
