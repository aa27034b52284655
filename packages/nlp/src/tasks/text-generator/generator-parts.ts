import { requireNoLfsPointer } from '@heed/attention-core';
import type { TaskParts, TextCodec, TokenizerJson } from '@heed/tasks';
import { CharacterTokenizer, TextTokenizer } from '@heed/tasks';
import type { Gpt, GptConfig } from '../../models/gpt/gpt.ts';
import type { TextGeneratorConfig } from './text-generator-config.ts';

export const TOKENIZER_FILE = 'tokenizer.json';

export interface GeneratorParts extends TaskParts {
  readonly model: Gpt;
  readonly tokenizer: TextCodec;
  /** The token after the last of a text, where texts were told apart. */
  readonly end: number | undefined;
}

export function gptConfigOf(
  { contextLength, width, layers, heads, dropout }: TextGeneratorConfig,
  size: number,
): GptConfig {
  return {
    vocabularySize: size,
    maximumLength: contextLength,
    modelWidth: width,
    layers,
    heads,
    feedForwardWidth: 4 * width,
    epsilon: 1e-5,
    dropout,
    attentionDropout: dropout,
  };
}

/** One stream of tokens, the end after every text where texts are told apart. */
export function tokensOf({ tokenizer, end }: GeneratorParts, texts: readonly string[]): Int32Array {
  return Int32Array.from(
    texts.flatMap((text) => {
      const ids = tokenizer.encode(text);
      return end === undefined ? ids : [...ids, end];
    }),
  );
}

export function knownTokens(tokenizer: TextCodec, tokens: Int32Array): Int32Array {
  const wrong = tokens.find((token) => token < 0 || token >= tokenizer.size);
  if (wrong === undefined) return tokens;
  throw new Error(`TextGenerator.fit: tokens must be in [0, ${tokenizer.size}), got ${wrong}`);
}

export function readTokenizer(kind: TextGeneratorConfig['tokenizer'], file: Uint8Array): TextCodec {
  requireNoLfsPointer(`TextGenerator: ${TOKENIZER_FILE}`, file);
  const json = JSON.parse(new TextDecoder().decode(file)) as TokenizerJson;
  return kind === 'characters' ? new CharacterTokenizer(json) : new TextTokenizer(json);
}
