import type { Tokenizer } from '@huggingface/tokenizers';
import { checkTokenizerJson } from './check-tokenizer-json.ts';
import { exactTokenizer } from './exact-tokenizer.ts';
import type { TextCodec } from './text-codec.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

/** Spaces before punctuation stay where the text had them. */
const AS_IT_IS = { clean_up_tokenization_spaces: false };

/**
 * Text as token numbers and back, as a `tokenizer.json` says.
 *
 * @example
 * ```ts
 * import { TextTokenizer, trainBpe } from '@heed/tasks';
 * const tokenizer = new TextTokenizer(trainBpe(['low lower lowest', 'low'], { vocabularySize: 260 }));
 * const ids = tokenizer.encode('lower');
 * tokenizer.pieces(ids); // [' lowe', 'r']
 * tokenizer.decode(ids); // ' lower'
 * ```
 */
export class TextTokenizer implements TextCodec {
  /** The content of the file, to be saved again. */
  readonly json: TokenizerJson;
  /** Number of tokens. */
  readonly size: number;
  private readonly tokenizer: Tokenizer;

  /** @throws if it is not the content of a `tokenizer.json` */
  constructor(json: TokenizerJson) {
    const size = typeof json?.model?.vocab === 'object' ? Object.keys(json.model.vocab).length : 0;
    if (size === 0) {
      throw new Error(`TextTokenizer: json must be a tokenizer.json with model.vocab, got ${describe(json)}`);
    }
    checkTokenizerJson('TextTokenizer', json);
    if (!Array.isArray(json.added_tokens)) {
      throw new Error(`TextTokenizer: json must have a list added_tokens, got ${describe(json.added_tokens)}`);
    }
    this.json = json;
    this.tokenizer = exactTokenizer(json, {});
    const added = json.added_tokens.filter(({ content }) => !Object.hasOwn(json.model.vocab, content));
    this.size = size + added.length;
  }

  /** Token numbers, without special tokens around them; special tokens inside the text are ordinary text only where the file says so. */
  encode(text: string): number[] {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** The text of token numbers; special tokens are left out. */
  decode(ids: readonly number[]): string {
    return ids.length === 0 ? '' : this.tokenizer.decode([...ids], { skip_special_tokens: true, ...AS_IT_IS });
  }

  /** The text of each token by itself, as a label: a token that is only a part of a character is shown as `�`. */
  pieces(ids: readonly number[]): string[] {
    return ids.map((id) => this.tokenizer.decode([id], { skip_special_tokens: false, ...AS_IT_IS }));
  }

  /** A token's number. @throws if there is no such token */
  indexOf(token: string): number {
    const id = this.tokenizer.token_to_id(token);
    if (id === undefined)
      throw new Error(`TextTokenizer.indexOf: there must be a token ${JSON.stringify(token)}, got none`);
    return id;
  }
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return `an object of [${Object.keys(value).slice(0, 5).join(', ')}]`;
}
