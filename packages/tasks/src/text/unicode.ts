/**
 * White space as Unicode has it and as Hugging Face's tokenizers take it, inside a pattern with the flag `u`. JavaScript's `\s` takes U+FEFF
 * for white space and U+0085 for none.
 */
export const WHITE_SPACE = String.raw`\p{White_Space}`;

/** White space as Python's `str.split`, `str.strip` and `\s` take it: also U+001C to U+001F. */
export const PYTHON_SPACE = String.raw`\p{White_Space}\x1C-\x1F`;

/** What Python's `\w` takes for a part of a word: letters and numbers of all scripts, but no marks. */
export const PYTHON_WORD = String.raw`\p{L}\p{N}_`;

/** What BERT's tokenizer parts from words: all signs of ASCII, and punctuation. */
export const BERT_PUNCTUATION = String.raw`!-\/:-@\[-\x60\{-~\p{P}`;

/**
 * The ideographs that BERT's tokenizer puts apart: not kana, not Hangul. U+2B820 to U+2B91F are missing in Hugging Face's tokenizers, by which
 * published vocabularies were made.
 */
export const HAN = String.raw`\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}`;

const SPACES = new RegExp(`[${PYTHON_SPACE}]+`, 'gu');
const NO_SPACES = new RegExp(`[^${PYTHON_SPACE}]+`, 'gu');
const OUTER_SPACES = new RegExp(`^[${PYTHON_SPACE}]+|(?<![${PYTHON_SPACE}])[${PYTHON_SPACE}]+$`, 'gu');
const CAPITAL_SIGMA = 'Σ';

/**
 * Lower case as Python's `str.lower`: a sigma that ends a word is ς. Metrics that were defined in Python follow it.
 *
 * @example
 * ```ts
 * import { lowerCase, lowerCaseEach } from '@heed/tasks';
 * lowerCase('ΣΑΣ'); // 'σας'
 * lowerCaseEach('ΣΑΣ'); // 'σασ'
 * ```
 */
export function lowerCase(text: string): string {
  return text.toLowerCase();
}

/** Lower case character by character, as Hugging Face's tokenizers: every capital sigma is σ, where it stands does not count. */
export function lowerCaseEach(text: string): string {
  if (!text.includes(CAPITAL_SIGMA)) return text.toLowerCase(); // the one letter whose lower case depends on its neighbours
  return text.split(CAPITAL_SIGMA).map(lowerCase).join('σ');
}

/** The parts of a text between white space, as Python's `str.split()`. */
export function splitSpaces(text: string): string[] {
  return text.match(NO_SPACES) ?? [];
}

/** A text without the white space at its ends, as Python's `str.strip()`. */
export function stripSpaces(text: string): string {
  return text.replaceAll(OUTER_SPACES, '');
}

/** A text without any white space: Python's `''.join(text.split())`. */
export function withoutSpaces(text: string): string {
  return text.replaceAll(SPACES, '');
}
