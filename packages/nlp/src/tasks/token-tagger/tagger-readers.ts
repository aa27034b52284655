import type { Labelling } from './labelling.ts';
import { parseConfig } from '@heed/training';
import { Random } from '@heed/attention-core';
import { Vocabulary } from '@heed/tasks';
import { z } from 'zod';
import type { TaggedTokens } from '../../datasets/tagged-tokens.ts';
import type { BertEncoder } from '../../models/bert-encoder/bert-encoder.ts';
import { BertTagger } from '../../models/bert-tagger/bert-tagger.ts';
import { createBiLstmCrf } from '../../models/bilstm-crf/bilstm-crf.ts';
import { BertReader } from './bert-reader.ts';
import { BiLstmReader, wordForm } from './bilstm-reader.ts';
import type { BiLstmTaggerConfig, TokenTaggerConfig } from './token-tagger-config.ts';

const UNKNOWN = '<unknown>';

/** What is saved of a tagger beside its weights: labels, and, where it began from scratch, the words and characters that it knows. */
export const taggerState = z.object({
  labels: z.array(z.string()).min(1),
  labelling: z.enum(['bio', 'published']).default('bio'),
  words: z.array(z.string()).default([]),
  characters: z.array(z.string()).default([]),
});

/**
 * The reader of an architecture that begins from scratch, with the words and characters of its sentences.
 *
 * @throws if the architecture begins from published weights
 */
export function learnReader(config: TokenTaggerConfig, sentences: readonly TaggedTokens[], labels: number) {
  if (config.architecture === 'bert') {
    throw new Error(
      `TokenTagger.fit: architecture 'bert' begins from published weights, got none: open it by TokenTagger.fromPretrained`,
    );
  }
  const counts = new Map<string, number>();
  for (const { tokens } of sentences) {
    for (const token of tokens) counts.set(wordForm(token), (counts.get(wordForm(token)) ?? 0) + 1);
  }
  const known = [...counts].filter(([, count]) => count >= config.minimumCount).map(([word]) => word);
  const characters = sentences.flatMap(({ tokens }) => tokens.map((token) => [...token]));
  return bilstmReader(config, Vocabulary.of([known], [UNKNOWN]), Vocabulary.of(characters, [UNKNOWN]), labels);
}

/** A reader from scratch, with new weights. */
export function bilstmReader(
  config: BiLstmTaggerConfig,
  words: Vocabulary,
  characters: Vocabulary,
  labels: number,
): BiLstmReader {
  const { seed, architecture: _, minimumCount: __, maximumTokens, maximumCharacters, ...widths } = config;
  const sizes = { words: words.size, characters: characters.size, labels };
  const model = createBiLstmCrf({ ...widths, ...sizes }, seed);
  return new BiLstmReader(model, words, characters, { maximumTokens, maximumCharacters });
}

/** A reader on a BERT, with a new last layer. */
export function bertReader(encoder: BertEncoder, labels: number, dropout: number, seed: number): BertReader {
  return new BertReader(new BertTagger(encoder.bert, labels, dropout, new Random(seed).fork('head')), encoder, labels);
}

/** How a published tagger labels; one that was trained and saved here says it. */
export function labellingOf({ format, state }: Readonly<Record<string, unknown>>): Labelling {
  return format === 'heed-token-tagger' ? parseConfig('TokenTagger', taggerState, state).labelling : 'published';
}
