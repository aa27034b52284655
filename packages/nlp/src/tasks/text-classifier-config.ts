import type { LoraOptions } from '@heed/training';
import { z } from 'zod';
import type { BertPooling } from './bert-encoder.ts';

/** What a classifier is, apart from what it learns from its data. */
export interface TextClassifierConfig {
  /**
   * What reads the texts: 'bert' is published weights, opened by `fromPretrained`. The others begin from scratch: 'han' reads words to sentences to
   * the document, by attention; 'mean' is the same with means; 'bag-of-words' makes the classifier a logistic regression.
   */
  readonly architecture: 'bert' | 'han' | 'mean' | 'bag-of-words';
  /** What texts are told apart into; at least two. */
  readonly labels: readonly string[];
  /** BERT's: 'cls' classifies what the pooler makes of the first token, 'mean' the mean of the hidden states of all. */
  readonly pooling: BertPooling;
  /** Longer texts are refused, or cut where truncation is asked for; a bag takes any length. */
  readonly maximumTokens: number;
  /** How many of the most frequent words (and the bag's phrases) are known, where it begins from scratch. */
  readonly vocabularySize: number;
  /** The bag's: the longest phrase that counts as one word, 1 for words alone, 2 for pairs too. */
  readonly phraseLength: number;
  /** Whether text is put in lower case, where it begins from scratch. */
  readonly lowerCase: boolean;
  /** The hierarchy's: width of words. */
  readonly wordWidth: number;
  /** The hierarchy's: width of encoded words, sentences and documents. */
  readonly hiddenWidth: number;
  /** Share of a text's vector that is dropped in training; the hierarchy's, of words' too. */
  readonly dropout: number;
  /** Decides initial weights, order of the data and dropout. */
  readonly seed: number;
}

/** How published weights become a classifier. */
export interface PretrainedClassifierOptions {
  /** What texts are told apart into. Default: what the weights were published for; then their own last layer is used. */
  readonly labels?: readonly string[];
  /** What of a text's hidden states is classified: 'cls' is BERT's pooler on the first token, 'mean' the mean over all. Default: as published. */
  readonly pooling?: BertPooling;
  /** Longer texts are refused, or cut where truncation is asked for. Default: as published. */
  readonly maximumTokens?: number;
  /** Train low-rank additions to the encoder's layers instead of its weights (`applyLora`); the last layer is trained as well. */
  readonly lora?: Partial<Omit<LoraOptions, 'random'>>;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed?: number;
}

export const textClassifierSchema = z.strictObject({
  architecture: z.enum(['bert', 'han', 'mean', 'bag-of-words']),
  labels: z
    .array(z.string().min(1))
    .min(2)
    .refine((labels) => new Set(labels).size === labels.length, { message: 'must differ' }),
  pooling: z.enum(['cls', 'mean']),
  maximumTokens: z.number().int().min(1),
  vocabularySize: z.number().int().min(1),
  phraseLength: z.number().int().min(1),
  lowerCase: z.boolean(),
  wordWidth: z.number().int().min(1),
  hiddenWidth: z.number().int().min(2).multipleOf(2),
  dropout: z.number().min(0).lt(1),
  seed: z.number().int().min(0),
});

export const textClassifierDefaults: Omit<TextClassifierConfig, 'architecture' | 'labels'> = {
  pooling: 'cls',
  maximumTokens: 512,
  vocabularySize: 50_000,
  phraseLength: 1,
  lowerCase: true,
  wordWidth: 64,
  hiddenWidth: 64,
  dropout: 0,
  seed: 1,
};

/** `config.json` of a classifier that began from scratch. */
export const savedClassifierSchema = z.strictObject({
  format: z.literal('heed-text-classifier'),
  version: z.literal(1),
  config: textClassifierSchema,
});
