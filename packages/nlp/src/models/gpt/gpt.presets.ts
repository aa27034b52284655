import type { GptConfig } from './gpt.ts';

/** The sizes that are published as `gpt2`, `gpt2-medium`, …, and nanoGPT's for the characters of Shakespeare on a CPU. */
export type GptPreset = 'gpt2' | 'gpt2-medium' | 'gpt2-large' | 'gpt2-xl' | 'shakespeare-char';

/** Configs by name. `shakespeare-char` has the 65 characters of tiny Shakespeare. */
export const gptPresets: Readonly<Record<GptPreset, GptConfig>> = {
  gpt2: published(768, 12, 12),
  'gpt2-medium': published(1024, 24, 16),
  'gpt2-large': published(1280, 36, 20),
  'gpt2-xl': published(1600, 48, 25),
  'shakespeare-char': {
    vocabularySize: 65,
    maximumLength: 64,
    modelWidth: 128,
    layers: 4,
    heads: 4,
    feedForwardWidth: 512,
    epsilon: 1e-5,
    dropout: 0,
    attentionDropout: 0,
  },
};

function published(modelWidth: number, layers: number, heads: number): GptConfig {
  return {
    vocabularySize: 50_257,
    maximumLength: 1024,
    modelWidth,
    layers,
    heads,
    feedForwardWidth: 4 * modelWidth,
    epsilon: 1e-5,
    dropout: 0.1,
    attentionDropout: 0.1,
  };
}
