import type { SavePretrainedOptions } from '@heed/training';
import { gptNames, publishedGptConfig } from '../../models/gpt/gpt.names.ts';
import { TOKENIZER_FILE, type GeneratorParts } from './generator-parts.ts';

/** What Hugging Face's transformers open: a GPT-2 with its tokenizer. */
export function publishedGenerator({ model, tokenizer, end }: GeneratorParts): SavePretrainedOptions {
  const ids = { bos_token_id: end ?? null, eos_token_id: end ?? null };
  const token =
    end === undefined ? {} : { bos_token: tokenizer.pieces([end])[0], eos_token: tokenizer.pieces([end])[0] };
  const reader = {
    // by the model's type alone, transformers would build GPT-2's own tokenizer around the vocabulary
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...token,
    model_max_length: model.config.maximumLength,
    clean_up_tokenization_spaces: false,
  };
  return {
    model,
    names: gptNames,
    config: { ...publishedGptConfig(model.config), ...ids, dtype: 'float32' },
    files: {
      [TOKENIZER_FILE]: JSON.stringify(tokenizer.json),
      'tokenizer_config.json': JSON.stringify(reader, undefined, 2),
      'generation_config.json': JSON.stringify({ _from_model_config: true, ...ids }, undefined, 2),
    },
  };
}

/** Published ends of a text. @throws if there are several, which generating would not heed */
export function endOf(published: unknown): number | undefined {
  const ends = Array.isArray(published) ? (published as unknown[]) : [published];
  if (ends.length > 1) {
    throw new Error(`TextGenerator.fromPretrained: eos_token_id must be one token, got ${JSON.stringify(published)}`);
  }
  return typeof ends[0] === 'number' ? ends[0] : undefined;
}
