import { Vocabulary } from '@heed/tasks';
import { parseConfig, type FileSource } from '@heed/training';
import { z } from 'zod';
import { BagOfWordsEncoder } from '../../models/bag-of-words-encoder/bag-of-words-encoder.ts';
import { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import { VOCABULARY_FILE, type DocumentEncoder } from '../../models/document-classifier/document-encoder.ts';
import { HanEncoder } from '../../models/han-encoder/han-encoder.ts';
import type { TextClassifierConfig } from './text-classifier-config.ts';

/**
 * The encoder of an architecture that begins from scratch, with the words of its texts.
 *
 * @throws if the architecture begins from published weights
 */
export function learnEncoder(config: TextClassifierConfig, texts: readonly string[]): DocumentEncoder {
  switch (config.architecture) {
    case 'bag-of-words':
      return BagOfWordsEncoder.learn(texts, config);
    case 'han':
    case 'mean':
      return new HanEncoder(HanEncoder.vocabulary(texts, config), hierarchy(config));
    case 'bert':
      throw new Error(
        `TextClassifier.fit: architecture 'bert' begins from published weights, got none: open it by TextClassifier.fromPretrained`,
      );
  }
}

/** The encoder that was saved, its weights still to be loaded. @throws if its files are not those of the config */
export async function openEncoder(
  config: TextClassifierConfig,
  source: FileSource,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<DocumentEncoder> {
  const owner = 'TextClassifier.load';
  if (config.architecture === 'bert') {
    const { pooling, maximumTokens } = config;
    return BertEncoder.open(owner, source, { pooling, maximumTokens, otherwise: pooling });
  }
  const symbols: unknown = JSON.parse(new TextDecoder().decode(files[VOCABULARY_FILE]));
  const vocabulary = new Vocabulary(parseConfig(owner, z.array(z.string()), symbols));
  if (config.architecture === 'bag-of-words') return new BagOfWordsEncoder(vocabulary, config);
  return new HanEncoder(vocabulary, hierarchy(config));
}

function hierarchy(config: Extract<TextClassifierConfig, { readonly architecture: 'han' | 'mean' }>) {
  return { ...config, pooling: config.architecture === 'mean' ? 'mean' : 'attention' } as const;
}
