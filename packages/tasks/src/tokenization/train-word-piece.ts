import { exactTokenizer } from './exact-tokenizer.ts';
import { mergePairs, type CountedWord } from './merge-pairs.ts';
import { specialTokensJson, type TokenizerJson } from './tokenizer-json.ts';

export interface TrainWordPieceOptions {
  /** Number of tokens, the five special ones and all characters included. */
  readonly vocabularySize: number;
  /** Whether text is put in lower case and loses its accents, as in the uncased BERT. Default true. */
  readonly lowerCase?: boolean;
  /** Pairs that are seen less often are not merged. Default 2. */
  readonly minimumCount?: number;
}

/** Numbered as here, which puts padding at 0. */
const SPECIAL_TOKENS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
/** Begins the pieces that go on with a word. */
const PREFIX = '##';

/**
 * Learns a WordPiece vocabulary, BERT's way of writing text (Devlin et al. 2019): a word is the longest piece that it begins with, then the
 * longest that goes on from there, written with `##`; a word with an unknown character is `[UNK]` as a whole.
 *
 * Schuster & Nakajima 2012 merge the pair that makes the text likeliest, count(ab) / (count(a) · count(b)). This merges the most frequent
 * pair, as the `WordPieceTrainer` of Python `tokenizers` does, token by token; where pairs are equally frequent, that one chooses at random and
 * this the pair of the lowest numbers.
 *
 * @returns a `tokenizer.json`, which writes one text as `[CLS] … [SEP]` and two as `[CLS] … [SEP] … [SEP]`
 * @throws if the vocabulary has no room for the special tokens and the characters
 *
 * @example
 * ```ts
 * import { TextTokenizer, trainWordPiece } from '@heed/tasks';
 * const json = trainWordPiece(['low lower lowest', 'low'], { vocabularySize: 22 });
 * const tokenizer = new TextTokenizer(json);
 * tokenizer.pieces(tokenizer.encode('Lowest')); // ['lowe', '##s', '##t']
 * ```
 */
export function trainWordPiece(texts: Iterable<string>, options: TrainWordPieceOptions): TokenizerJson {
  const { vocabularySize, lowerCase = true, minimumCount = 2 } = options;
  const counts = countWords(texts, lowerCase);
  const characters = [...counts.keys()].map((word) => [...word]);
  const tokens = [
    ...SPECIAL_TOKENS,
    ...inOrder(characters.flat()),
    ...inOrder(characters.flatMap(([, ...others]) => others)).map((character) => PREFIX + character),
  ];
  if (!Number.isInteger(vocabularySize) || vocabularySize < tokens.length) {
    throw new Error(
      `trainWordPiece: vocabularySize must be an integer of at least ${tokens.length} (special tokens and characters), got ${vocabularySize}`,
    );
  }
  const numbers = new Map(tokens.map((token, number) => [token, number]));
  const words: CountedWord[] = Array.from(counts.values(), (count, i) => ({
    tokens: characters[i].map((character, place) => numbers.get(place === 0 ? character : PREFIX + character)!),
    count,
  }));
  const join = (left: string, right: string) => left + right.slice(PREFIX.length);
  mergePairs(words, tokens, { vocabularySize, minimumCount, join });
  return wordPieceJson(tokens, lowerCase);
}

/** Each character once, by its code point. */
function inOrder(characters: readonly string[]): string[] {
  return [...new Set(characters)].toSorted((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
}

/** Words as the tokenizer itself will normalise and cut them. */
function countWords(texts: Iterable<string>, lowerCase: boolean): Map<string, number> {
  const { normalizer, pre_tokenizer: cut } = exactTokenizer(wordPieceJson(SPECIAL_TOKENS, lowerCase), {});
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of cut!.pre_tokenize(normalizer!.normalize(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function wordPieceJson(tokens: readonly string[], lowerCase: boolean): TokenizerJson {
  const special = (token: string, type_id: number) => ({ SpecialToken: { id: token, type_id } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const single = [special('[CLS]', 0), text('A', 0), special('[SEP]', 0)];
  const described = (token: string) => ({ id: token, ids: [SPECIAL_TOKENS.indexOf(token)], tokens: [token] });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokensJson(SPECIAL_TOKENS),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: lowerCase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, text('B', 1), special('[SEP]', 1)],
      special_tokens: { '[CLS]': described('[CLS]'), '[SEP]': described('[SEP]') },
    },
    decoder: { type: 'WordPiece', prefix: PREFIX, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: PREFIX,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}
