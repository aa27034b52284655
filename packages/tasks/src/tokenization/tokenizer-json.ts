/** The content of Hugging Face's `tokenizer.json`, as far as it is needed here. */
export interface TokenizerJson {
  readonly version: string;
  readonly truncation: unknown;
  readonly padding: unknown;
  readonly added_tokens: readonly AddedTokenJson[];
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly post_processor: unknown;
  readonly decoder: unknown;
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>>;
    /** Of a byte pair encoding. */
    readonly merges?: readonly (readonly [string, string])[];
    readonly [field: string]: unknown;
  };
}

/** The `tokenizer.json` of a byte pair encoding, which has merges. */
export type BpeTokenizerJson = TokenizerJson & {
  readonly model: { readonly merges: readonly (readonly [string, string])[] };
};

/** A token that is found in a text before the text is cut into others. */
export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The `tokenizer.json` of a byte pair encoding: the special tokens have the first numbers, `tokens` begin with them. */
export function bpeJson({
  specialTokens,
  tokens,
  merges,
  normalizer,
  pre_tokenizer,
  decoder,
}: Pick<TokenizerJson, 'normalizer' | 'pre_tokenizer' | 'decoder'> & {
  readonly specialTokens: readonly string[];
  readonly tokens: readonly string[];
  readonly merges: readonly (readonly [string, string])[];
}): BpeTokenizerJson {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokensJson(specialTokens),
    normalizer,
    pre_tokenizer,
    post_processor: null,
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

/** Special tokens with the first numbers. */
export function specialTokensJson(tokens: readonly string[]): AddedTokenJson[] {
  return tokens.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
}
