/** Words, also with inner hyphens, points and apostrophes and with plus signs at their end (`libc6-dev`, `C++`); any other sign by itself. */
const WORD = /[\p{L}\p{M}\p{N}_]+(?:[-.'’+][\p{L}\p{M}\p{N}_]+)*\+*|\S/gu;

/**
 * A text's words and signs.
 *
 * @example
 * ```ts
 * import { joinWords, splitWords } from '@heed/tasks';
 * splitWords("GTK+ bindings (for C++), v1.2"); // ['GTK+', 'bindings', '(', 'for', 'C++', ')', ',', 'v1.2']
 * joinWords(['GTK+', 'bindings', '(', 'for', 'C++', ')']); // 'GTK+ bindings (for C++)'
 * ```
 */
export function splitWords(text: string): string[] {
  return text.match(WORD) ?? [];
}

/** Words and signs as a text: no space before a comma, nor inside brackets. What `splitWords` took apart, but for its spaces. */
export function joinWords(words: readonly string[]): string {
  return words
    .join(' ')
    .replaceAll(/ ([,.;:!?)\]}…])/g, '$1')
    .replaceAll(/([([{]) /g, '$1')
    .replaceAll(' / ', '/');
}
