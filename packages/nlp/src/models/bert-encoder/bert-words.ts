import { BERT_PUNCTUATION, HAN, WHITE_SPACE } from '@heed/tasks';

/** A word of a text, and where it stands: characters from `start` up to `end`. */
export interface TextWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const WORD = new RegExp(`[${BERT_PUNCTUATION}]|[^${WHITE_SPACE}${BERT_PUNCTUATION}]+`, 'gu');
const WORD_OR_HAN = new RegExp(`[${BERT_PUNCTUATION}${HAN}]|[^${WHITE_SPACE}${BERT_PUNCTUATION}${HAN}]+`, 'gu');

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
