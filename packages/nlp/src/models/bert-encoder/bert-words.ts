/** A word of a text, and where it stands: characters from `start` up to `end`. */
export interface TextWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const PUNCTUATION = String.raw`!-\/:-@\[-\x60{-~\p{P}`;
/** The ideographs that BERT's tokenizer puts apart: not kana, not Hangul. */
const HAN = String.raw`\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}`;
const WORD = new RegExp(`[${PUNCTUATION}]|[^\\s${PUNCTUATION}]+`, 'gu');
const WORD_OR_HAN = new RegExp(`[${PUNCTUATION}${HAN}]|[^\\s${PUNCTUATION}${HAN}]+`, 'gu');

/**
 * Words as BERT's own tokenizer parts them: at white space and at punctuation; ideographs each by itself, which have no spaces between them.
 *
 * @param separateHan whether ideographs stand alone: what `separatesHan` says of the tokenizer
 */
export function bertWords(text: string, separateHan: boolean): TextWord[] {
  const words = text.matchAll(separateHan ? WORD_OR_HAN : WORD);
  return Array.from(words, ({ 0: word, index }) => ({ text: word, start: index, end: index + word.length }));
}

/** Whether a `tokenizer.json` puts ideographs apart, as nearly all of BERT do. */
export function separatesHan(json: Uint8Array): boolean {
  const { normalizer } = JSON.parse(new TextDecoder().decode(json)) as { readonly normalizer?: Normalizer | null };
  return findNormalizer(normalizer)?.handle_chinese_chars !== false;
}

interface Normalizer {
  readonly type: string;
  readonly handle_chinese_chars?: boolean;
  readonly normalizers?: readonly Normalizer[];
}

function findNormalizer(normalizer: Normalizer | null | undefined): Normalizer | undefined {
  if (normalizer?.type === 'BertNormalizer') return normalizer;
  return normalizer?.normalizers?.find((each) => findNormalizer(each) !== undefined);
}
