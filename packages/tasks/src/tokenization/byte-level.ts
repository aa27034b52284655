import { WHITE_SPACE } from '../text/unicode.ts';

/**
 * Bytes as printable characters, one each, as GPT-2 writes them in its vocabulary: printable bytes are themselves, the others are shifted
 * beyond U+0100 in their order.
 */
const CHARACTERS: readonly string[] = makeCharacters();

/** How GPT-2 cuts a text into words before pairs of bytes are merged; a word keeps the space before it. */
export const BYTE_LEVEL_WORDS = new RegExp(
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^${WHITE_SPACE}\p{L}\p{N}]+|${WHITE_SPACE}+(?![^${WHITE_SPACE}])|${WHITE_SPACE}+`,
  'gu',
);

/** The 256 characters that stand for bytes, in the order of their code points. */
export function byteAlphabet(): string[] {
  return [...CHARACTERS].sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0));
}

/** The words of a text, each as characters that stand for its UTF-8 bytes. A space is put before the text. */
export function byteLevelWords(text: string): string[] {
  const encoder = new TextEncoder();
  const prefixed = text.startsWith(' ') || text === '' ? text : ` ${text}`;
  return Array.from(prefixed.matchAll(BYTE_LEVEL_WORDS), ([word]) =>
    Array.from(encoder.encode(word), (byte) => CHARACTERS[byte]).join(''),
  );
}

function makeCharacters(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let shifted = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : shifted++));
}
