/** Continuing a prompt token by token, with the key/value cache or without. */
import { createGpt, gptPresets, type GptConfig } from '@heed/nlp';
import { generateTokens } from '@heed/tasks';

interface Case {
  readonly config: Partial<GptConfig>;
  /** Tokens before the first that is generated. */
  readonly prompt: number;
  readonly tokens: number;
  readonly cache: boolean;
}

export function prepare({ config, prompt, tokens, cache }: Case): () => Promise<void> {
  const model = createGpt({ ...gptPresets['shakespeare-char'], ...config }, 7);
  const before = Array.from({ length: prompt }, (_, i) => i % 60);
  return async () => {
    const steps = generateTokens(model, [before], { maximumTokens: tokens, temperature: 0, cache });
    while ((await steps.next()).done !== true);
  };
}
