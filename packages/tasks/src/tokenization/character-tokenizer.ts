import { Vocabulary } from '../text/vocabulary.ts';
import type { TextCodec } from './text-codec.ts';
import { bpeJson, type TokenizerJson } from './tokenizer-json.ts';

/**
 * A token for every character (Unicode code point), in the order of their code points.
 *
 * @example
 * ```ts
 * import { CharacterTokenizer } from '@heed/tasks';
 * const tokenizer = CharacterTokenizer.of(['to be']);
 * tokenizer.encode('bet'); // [1, 2, 4], after the space, which is 0
 * tokenizer.decode([4, 3]); // 'to'
 * ```
 */
export class CharacterTokenizer implements TextCodec {
  readonly json: TokenizerJson;
  readonly size: number;
  private readonly vocabulary: Vocabulary;
  private readonly special: ReadonlySet<number>;

  /** @throws if it is not the content of a `tokenizer.json` that `CharacterTokenizer` wrote */
  constructor(json: TokenizerJson) {
    const vocab = json?.model?.vocab;
    if (typeof vocab !== 'object' || json.model.type !== 'BPE' || json.model.merges?.length !== 0) {
      throw new Error('CharacterTokenizer: json must be a tokenizer.json of BPE without merges, got another');
    }
    const symbols = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
    if (symbols.some((symbol, index) => vocab[symbol] !== index)) {
      throw new Error(
        `CharacterTokenizer: tokens must be numbered from 0 without gaps, got ${symbols.length} otherwise`,
      );
    }
    this.json = json;
    this.vocabulary = new Vocabulary(symbols);
    this.special = new Set(json.added_tokens.map(({ content }) => vocab[content]));
    this.size = symbols.length;
  }

  /** The characters that occur in texts, after the special tokens. @throws if there are none */
  static of(texts: Iterable<string>, specialTokens: readonly string[] = []): CharacterTokenizer {
    const found = new Set<string>();
    for (const text of texts) for (const character of text) found.add(character);
    if (found.size === 0) throw new Error('CharacterTokenizer.of: texts must have a character, got none');
    const characters = [...found].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
    return new CharacterTokenizer(tokenizerJson(specialTokens, characters));
  }

  /** @throws if a character is unknown, naming it and its place */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const character of text) {
      const id = this.vocabulary.indexOf(character);
      if (id === undefined) {
        throw new Error(
          `CharacterTokenizer.encode: every character must be known, got ${JSON.stringify(character)} at position ${ids.length + 1} of ` +
            JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text),
        );
      }
      ids.push(id);
    }
    return ids;
  }

  decode(ids: readonly number[]): string {
    return this.pieces(ids.filter((id) => !this.special.has(id))).join('');
  }

  pieces(ids: readonly number[]): string[] {
    return ids.map((id) => this.vocabulary.at(id));
  }
}

function tokenizerJson(specialTokens: readonly string[], characters: readonly string[]): TokenizerJson {
  return bpeJson({
    specialTokens,
    tokens: [...specialTokens, ...characters],
    merges: [],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: String.raw`[\s\S]` }, behavior: 'Isolated', invert: false },
    decoder: { type: 'Fuse' },
  });
}
