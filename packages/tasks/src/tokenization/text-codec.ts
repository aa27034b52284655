import type { TokenizerJson } from './tokenizer-json.ts';

/** Text as token numbers and back. */
export interface TextCodec {
  /** The content of a `tokenizer.json`. */
  readonly json: TokenizerJson;
  /** Number of tokens. */
  readonly size: number;
  encode(text: string): number[];
  /** The text of token numbers; special tokens are left out. */
  decode(ids: readonly number[]): string;
  /** The text of each token by itself, as a label. */
  pieces(ids: readonly number[]): string[];
}
