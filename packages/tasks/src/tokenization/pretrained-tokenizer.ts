import { requireNoLfsPointer } from '@heed/attention-core';
import type { FileSource } from '@heed/training';
import type { Tokenizer } from '@huggingface/tokenizers';
import { checkTokenizerJson, MOST_BYTES } from './check-tokenizer-json.ts';
import { exactTokenizer } from './exact-tokenizer.ts';

/** A text as a model's tokens, with the special ones at its ends. */
interface TokenizedText {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
}

/** What turns texts into the tokens of a published model. */
export interface PretrainedTokenizer {
  tokenize(text: string): TokenizedText;
  /** The same without the special tokens at its ends. */
  pieces(text: string): TokenizedText;
}

/**
 * The tokenizer of a published model: `tokenizer.json`, and `tokenizer_config.json` where it is there. Padding and truncation that those
 * files ask for are left to the caller.
 *
 * @throws if there is no `tokenizer.json`, or a file cannot be read
 */
export async function openTokenizer(source: FileSource): Promise<PretrainedTokenizer> {
  const files = await source.list();
  if (!files.includes('tokenizer.json')) {
    throw new Error(
      `openTokenizer: there must be a tokenizer.json in ${source.label}, got ${files.slice(0, 10).join(', ') || 'no files'}`,
    );
  }
  const content = await readObject(source, 'tokenizer.json');
  const config = files.includes('tokenizer_config.json') ? await readObject(source, 'tokenizer_config.json') : {};
  checkTokenizerJson(`openTokenizer: ${source.label}`, content);
  const tokenizer = makeTokenizer(content, config, source.label);
  return {
    tokenize(text) {
      const { ids, tokens } = tokenizer.encode(text);
      return { ids, tokens };
    },
    pieces(text) {
      const { ids, tokens } = tokenizer.encode(text, { add_special_tokens: false });
      return { ids, tokens };
    },
  };
}

function makeTokenizer(content: object, config: object, label: string): Tokenizer {
  try {
    return exactTokenizer(content, config);
  } catch (error) {
    throw new Error(
      `openTokenizer: tokenizer.json in ${label} must be one of Hugging Face's, got one that cannot be opened: ${(error as Error).message.slice(0, 100)}`,
      { cause: error },
    );
  }
}

async function readObject(source: FileSource, name: string): Promise<object> {
  const bytes = await source.read(name);
  requireNoLfsPointer(`openTokenizer: ${name} in ${source.label}`, bytes);
  if (bytes.length > MOST_BYTES) {
    throw new Error(
      `openTokenizer: ${name} in ${source.label} must have at most ${MOST_BYTES} bytes, got ${bytes.length}`,
    );
  }
  const text = new TextDecoder().decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`openTokenizer: ${name} in ${source.label} must be JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null) {
    throw new Error(`openTokenizer: ${name} in ${source.label} must be an object, got ${text.slice(0, 60)}`);
  }
  return value;
}
