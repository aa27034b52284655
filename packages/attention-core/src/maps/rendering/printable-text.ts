/** What moves the cursor, colours, or is no character. */
const CONTROL = /[\p{Cc}\u2028\u2029\p{Surrogate}]/gu;
/** What turns the direction of other text round, and what is not seen where it stands alone: two texts that look the same are the same. */
const INVISIBLE =
  /[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E0FFF}](?<!\u{1F3F4}[\u{E0020}-\u{E007F}]{1,8})|(?<![\p{L}\p{M}\p{Emoji}\uFE0F])[\u200C\u200D]|[\u200C\u200D](?![\p{L}\p{Emoji}])/gu;

export interface PrintableOptions {
  /** Of more characters the rest is left out. Default: none are left out. */
  readonly most?: number;
  /** Whether line breaks and tabs stay. Default false. */
  readonly lines?: boolean;
}

/**
 * A text of somebody else's as a terminal, a log or a page may have it: control characters become their pictures, what is not seen or changes the
 * direction of writing becomes `�`.
 *
 * @example
 * ```ts
 * import { printableText } from '@heed/attention-core';
 * printableText('name\u001B[2J'); // 'name␛[2J'
 * ```
 */
export function printableText(text: string, { most = Infinity, lines = false }: PrintableOptions = {}): string {
  const bounded = text.length > most ? `${text.slice(0, most)}…` : text;
  return bounded.replace(CONTROL, (character) => picture(character, lines)).replace(INVISIBLE, '\uFFFD');
}

function picture(character: string, lines: boolean): string {
  if (character === '\n') return lines ? character : '⏎';
  if (character === '\t') return lines ? character : '⇥';
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '␡' : '\uFFFD';
}
