import type { LabelledMap } from '@heed/attention-core';
import type { ClassificationReport, FitOptions, LowRankAdditions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { LabelledText } from '../../datasets/labelled-text.ts';
import type { BertPooling } from '../../models/bert-encoder/sentence-files.ts';

/** What a classifier is, apart from what it learns from its data: one of its architectures. */
export type TextClassifierConfig = BertClassifierConfig | HierarchicalClassifierConfig | BagOfWordsClassifierConfig;

interface ClassifierConfig {
  /** The classes of texts; at least two. */
  readonly labels: readonly string[];
  /** Fraction of a text's vector that is dropped in training; the hierarchy's, of words' too. Default 0. */
  readonly dropout: number;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

/** A linear layer on a published BERT, opened by `fromPretrained`. */
export interface BertClassifierConfig extends ClassifierConfig {
  readonly architecture: 'bert';
  /** 'cls' classifies what the pooler makes of the first token, 'mean' the mean of the hidden states of all. */
  readonly pooling: BertPooling;
  /** Longer texts are refused, or cut where truncation is asked for. */
  readonly maximumTokens: number;
}

/** Words to sentences to the document, from scratch: 'han' by attention, 'mean' by means. */
export interface HierarchicalClassifierConfig extends ClassifierConfig {
  readonly architecture: 'han' | 'mean';
  /** Longer texts are refused, or cut where truncation is asked for. Default 512. */
  readonly maximumTokens: number;
  /** How many of the most frequent words are known. Default 50,000. */
  readonly vocabularySize: number;
  /** Whether to lowercase the text. Default true. */
  readonly lowerCase: boolean;
  /** Width of words. Default 64. */
  readonly wordWidth: number;
  /** Width of encoded words, sentences and documents; even. Default 64. */
  readonly hiddenWidth: number;
}

/** A logistic regression on which words occur, from scratch. */
export interface BagOfWordsClassifierConfig extends ClassifierConfig {
  readonly architecture: 'bag-of-words';
  /** How many of the most frequent words and phrases are known. Default 50,000. */
  readonly vocabularySize: number;
  /** The longest phrase that counts as one word: 1 for words alone, 2 for pairs too. Default 1. */
  readonly phraseLength: number;
  /** Whether to lowercase the text. Default true. */
  readonly lowerCase: boolean;
}

type Optional<Config extends ClassifierConfig & { readonly architecture: string }> = Pick<
  Config,
  'architecture' | 'labels'
> &
  Partial<Config>;

/** What `new TextClassifier` takes: an architecture that begins from scratch, its labels, and what shall not be as by default. */
export type TextClassifierOptions = Optional<HierarchicalClassifierConfig> | Optional<BagOfWordsClassifierConfig>;

/** How published weights become a classifier. */
export interface PretrainedClassifierOptions {
  /** The classes of texts. Default: what the weights were published for; then their own last layer is used. */
  readonly labels?: readonly string[];
  /** What of a text's hidden states is classified: 'cls' is BERT's pooler on the first token, 'mean' the mean over all. Default: as published. */
  readonly pooling?: BertPooling;
  /** Longer texts are refused, or cut where truncation is asked for. Default: as published. */
  readonly maximumTokens?: number;
  /** Train low-rank additions to the encoder's layers instead of its weights (`applyLora`); the last layer is trained as well. */
  readonly lora?: LowRankAdditions;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed?: number;
}

export interface TextClassifierFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 4. */
  readonly buckets?: number;
  /** How to handle texts longer than `maximumTokens`, as in `PredictOptions`. Default 'error'. */
  readonly truncation?: Truncation;
  /** Texts to measure loss and accuracy on. */
  readonly validation?: readonly LabelledText[];
}

export interface PredictOptions {
  /** Whether to give the attention maps; 'heads' gives those of every head too, of architecture 'bert'. Default false. */
  readonly attention?: boolean | 'heads';
  /** How to handle texts longer than `maximumTokens`: 'error' refuses them, 'end' cuts their end, 'middle' their middle. Default 'error'. */
  readonly truncation?: Truncation;
  /** Number of texts that are read at once, those of similar length together. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface PredictedLabel {
  readonly text: string;
  /** The likeliest label. */
  readonly label: string;
  readonly probability: number;
  /** Of every label. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** What was read, special tokens included. */
  readonly tokens: readonly string[];
  /** Number of tokens that truncation left out. */
  readonly truncated: number;
  /** What each token (row) looked at (column), layer by layer; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
  /** The same of every head, layer by layer, for `renderHeads`; where they were asked for. */
  readonly heads?: readonly (readonly LabelledMap[])[];
}

export interface TextClassifierEvaluation extends ClassificationReport {
  /** The mean of −log p(label), in nats. */
  readonly loss: number;
  readonly predictions: readonly PredictedLabel[];
}

/** How to handle texts that are too long. */
export type Truncation = 'error' | 'end' | 'middle';

const count = z.number().int().min(1);
const all = {
  labels: z
    .array(z.string().min(1))
    .min(2)
    .refine((labels) => new Set(labels).size === labels.length, { message: 'must differ' }),
  dropout: z.number().min(0).lt(1).default(0),
  seed: z.number().int().min(0).default(1),
};
const words = { vocabularySize: count.default(50_000), lowerCase: z.boolean().default(true) };

export const textClassifierSchema = z.discriminatedUnion('architecture', [
  z.strictObject({
    architecture: z.literal('bert'),
    ...all,
    pooling: z.enum(['cls', 'mean']),
    maximumTokens: count,
  }),
  z.strictObject({
    architecture: z.enum(['han', 'mean']),
    ...all,
    ...words,
    maximumTokens: count.default(512),
    wordWidth: count.default(64),
    hiddenWidth: z.number().int().min(2).multipleOf(2).default(64),
  }),
  z.strictObject({ architecture: z.literal('bag-of-words'), ...all, ...words, phraseLength: count.default(1) }),
]);

/** How a classifier is trained by default. */
export const textClassifierRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 1e-3,
  schedule: 'linear',
  warmup: 0.1,
  epochs: 3,
  batchSize: 32,
  clipNorm: 1,
  weightDecay: 0.01,
};
