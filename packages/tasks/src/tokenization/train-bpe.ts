import { lowerCaseEach } from '../text/unicode.ts';
import { byteAlphabet, byteLevelWords } from './byte-level.ts';
import { mergePairs, type CountedWord } from './merge-pairs.ts';
import { bpeJson, type BpeTokenizerJson } from './tokenizer-json.ts';

export interface TrainBpeOptions {
  /** Number of tokens, special ones and the 256 bytes included. */
  readonly vocabularySize: number;
  /** Tokens that stand for no text, e.g. `<s>`; they are numbered first. */
  readonly specialTokens?: readonly string[];
  /** Whether text is put in lower case first. Default false. */
  readonly lowerCase?: boolean;
  /** Pairs that are seen less often are not merged. Default 2. */
  readonly minimumCount?: number;
}

/**
 * Learns a byte-level BPE vocabulary (Sennrich et al. 2016; GPT-2's bytes, Radford et al. 2019): the most frequent pair of neighbours
 * becomes a token, again and again. Any text can be written in it. Equal, merge by merge, to Python `tokenizers`.
 *
 * @returns a `tokenizer.json`
 * @throws if the vocabulary has no room for the special tokens and the bytes
 *
 * @example
 * ```ts
 * import { trainBpe } from '@heed/tasks';
 * const { model } = trainBpe(['low lower lowest', 'low'], { vocabularySize: 260 });
 * model.merges.map((pair) => pair.join('')); // ['lo', 'Ġlo', 'Ġlow', 'Ġlowe']
 * ```
 */
export function trainBpe(texts: Iterable<string>, options: TrainBpeOptions): BpeTokenizerJson {
  const { vocabularySize, specialTokens = [], lowerCase = false, minimumCount = 2 } = options;
  const tokens = [...specialTokens, ...byteAlphabet()];
  if (!Number.isInteger(vocabularySize) || vocabularySize < tokens.length) {
    throw new Error(
      `trainBpe: vocabularySize must be an integer of at least ${tokens.length} (special tokens and bytes), got ${vocabularySize}`,
    );
  }
  const words = countWords(texts, lowerCase, tokens);
  const merges = mergePairs(words, tokens, { vocabularySize, minimumCount });
  return tokenizerJson(specialTokens, lowerCase, tokens, merges);
}

function countWords(texts: Iterable<string>, lowerCase: boolean, tokens: readonly string[]): CountedWord[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const normal = text.normalize('NFC');
    for (const word of byteLevelWords(lowerCase ? lowerCaseEach(normal) : normal)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const numbers = new Map(tokens.map((token, number) => [token, number]));
  return Array.from(counts, ([word, count]) => ({ tokens: [...word].map((byte) => numbers.get(byte)!), count }));
}

function tokenizerJson(
  specialTokens: readonly string[],
  lowerCase: boolean,
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
): BpeTokenizerJson {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true } as const;
  return bpeJson({
    specialTokens,
    tokens,
    merges,
    normalizer: {
      type: 'Sequence',
      normalizers: [{ type: 'NFC' }, ...(lowerCase ? [{ type: 'Lowercase' }] : [])],
    },
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
  });
}
