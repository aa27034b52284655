import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { TaggedTokens } from '../../datasets/tagged-tokens.ts';
import type { Entity, EntityEvaluation } from '../../metrics/entity-f1.ts';
import type { BiLstmCrfConfig } from '../../models/bilstm-crf/bilstm-crf.ts';

/** What a tagger is, apart from the words, characters and labels that it learns from its data: one of its architectures. */
export type TokenTaggerConfig = BiLstmTaggerConfig | BertTaggerConfig;

interface TaggerConfig {
  /** Longer sentences are refused, or cut where truncation is asked for. BERT counts word pieces, with the two special ones. */
  readonly maximumTokens: number;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

/** Words and their characters read by an LSTM from both sides, from scratch; labels joined by a CRF. */
export interface BiLstmTaggerConfig extends TaggerConfig, Omit<BiLstmCrfConfig, 'words' | 'characters' | 'labels'> {
  readonly architecture: 'bilstm-crf';
  /** Words that occur less often in the training data are unknown, and known by their characters alone. Default 2. */
  readonly minimumCount: number;
  /** Of a longer token the characters in its middle are not read. Default 24. */
  readonly maximumCharacters: number;
}

/** A linear layer on a published BERT, opened by `fromPretrained`. */
export interface BertTaggerConfig extends TaggerConfig {
  readonly architecture: 'bert';
  /** Fraction of the hidden states that is dropped in training. */
  readonly dropout: number;
}

/** What `new TokenTagger` takes: what shall not be as by default. */
export type TokenTaggerOptions = Partial<BiLstmTaggerConfig>;

/** How a published encoder becomes a tagger. */
export interface PretrainedTaggerOptions {
  /** What tokens are labelled, in BIO; they get a new last layer. Default: what the weights were published for; then their own is used. */
  readonly labels?: readonly string[];
  /** 'new' takes architecture and word pieces alone, with new weights: what pretraining is compared with. Default 'published'. */
  readonly weights?: 'published' | 'new';
  /** Longer sentences, in word pieces, are refused or cut. Default: as published. */
  readonly maximumTokens?: number;
  /** Decides new weights, order of the data and dropout. Default 1. */
  readonly seed?: number;
}

export interface TokenTaggerFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 2. */
  readonly buckets?: number;
  /** How to handle sentences longer than `maximumTokens`. Default 'error'. */
  readonly truncation?: 'error' | 'end';
  /** Sentences to measure precision, recall and F1 by entity on. */
  readonly validation?: readonly TaggedTokens[];
}

export interface TagOptions {
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
  /** How to handle sentences longer than `maximumTokens`: 'error' refuses them, 'end' leaves out their end. Default 'error'. */
  readonly truncation?: 'error' | 'end';
  /** Number of sentences that are read at once, those of similar length together. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface FoundEntity extends Entity {
  /** As the text has it; of a sentence in tokens, those joined by spaces. */
  readonly text: string;
  /** Where it stands in the text, in characters: from the first up to the second. Absent where tokens were given. */
  readonly characters?: readonly [start: number, end: number];
}

export interface TaggedSentence extends TaggedTokens {
  readonly entities: readonly FoundEntity[];
  /** Number of tokens that truncation left out. */
  readonly truncated: number;
  /** Where it was asked for: how much each token's characters counted, and, with heads, what each token looked at. */
  readonly attention?: readonly LabelledMap[];
}

export interface TokenTaggerEvaluation extends EntityEvaluation {
  /** Fraction of tokens with the right label. */
  readonly accuracy: number;
  readonly sentences: readonly TaggedSentence[];
}

const count = z.number().int().min(1);
const fraction = z.number().min(0).lt(1);
const seed = z.number().int().min(0).default(1);

export const tokenTaggerSchema = z.discriminatedUnion('architecture', [
  z
    .strictObject({
      architecture: z.literal('bilstm-crf'),
      wordWidth: count.default(64),
      characterWidth: count.default(48),
      hiddenWidth: count.default(128),
      heads: z.number().int().min(0).default(4),
      dropout: fraction.default(0.4),
      wordDropout: fraction.default(0.2),
      minimumCount: count.default(2),
      maximumTokens: count.default(256),
      maximumCharacters: count.default(24),
      seed,
    })
    .refine(({ hiddenWidth }) => hiddenWidth % 2 === 0, {
      path: ['hiddenWidth'],
      message: 'must be even, half for each direction',
    })
    .refine(({ hiddenWidth, heads }) => heads === 0 || hiddenWidth % heads === 0, {
      path: ['hiddenWidth'],
      message: 'must be a multiple of heads',
    }),
  z.strictObject({ architecture: z.literal('bert'), maximumTokens: count, dropout: fraction, seed }),
]);

/** How a tagger is trained by default. */
export const tokenTaggerRecipes: Readonly<Record<TokenTaggerConfig['architecture'], Recipe>> = {
  'bilstm-crf': {
    optimizer: 'adam',
    learningRate: 0.003,
    schedule: 'cosine',
    warmup: 0.05,
    epochs: 30,
    batchSize: 32,
    clipNorm: 5,
    weightDecay: 0,
  },
  bert: {
    optimizer: 'adamw',
    learningRate: 5e-5,
    schedule: 'cosine',
    warmup: 0.05,
    epochs: 4,
    batchSize: 32,
    clipNorm: 5,
    weightDecay: 0.01,
  },
};
