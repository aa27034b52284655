import type { LabelledMap } from '@heed/attention-core';
import type { Bleu, FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { TranslationPair } from '../../datasets/translation-pair.ts';
import type { RecurrentSeq2SeqConfig } from '../../models/recurrent-seq2seq/recurrent-seq2seq.ts';

/** What a translator is, apart from the tokens that it learns from its data: one of its architectures. */
export type TranslatorConfig = TransformerTranslatorConfig | RecurrentTranslatorConfig;

interface CommonConfig {
  /** Width of hidden states. Default 256. */
  readonly width: number;
  /** Default 0.1. */
  readonly dropout: number;
  /** Number of tokens of both languages together, learned from the data (byte-level BPE). Default 8000. */
  readonly vocabularySize: number;
  /** Whether to lowercase the text. Default false. */
  readonly lowerCase: boolean;
  /** Longer texts are refused, or cut where truncation is asked for. Default 256. */
  readonly maximumTokens: number;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

/** Attention alone. */
export interface TransformerTranslatorConfig extends CommonConfig {
  readonly architecture: 'transformer';
  /** Number of layers of encoder and decoder each. Default 3. */
  readonly layers: number;
  /** Number of heads of every attention; they divide the width. Default 8. */
  readonly heads: number;
  /** Width inside the feed-forward parts. Default 512. */
  readonly feedForwardWidth: number;
}

/** A recurrent network of one layer each, which looks back at the source by `attention`. */
export interface RecurrentTranslatorConfig extends CommonConfig {
  readonly architecture: 'recurrent';
  /** Width of embeddings. Default 256. */
  readonly embeddingWidth: number;
  /** Default 'gru'. */
  readonly cell: 'gru' | 'lstm';
  /** How the decoder looks back at the source; 'none' is the baseline. Default 'bahdanau'. */
  readonly attention: RecurrentSeq2SeqConfig['attention'];
}

/** What `new Translator` takes: an architecture (default: the Transformer), and what shall not be as by default. */
export type TranslatorOptions =
  | Partial<TransformerTranslatorConfig>
  | (Pick<RecurrentTranslatorConfig, 'architecture'> & Partial<RecurrentTranslatorConfig>);

/** How to handle texts that are too long: 'error' refuses them, 'end' cuts their end. */
export type SequenceTruncation = 'error' | 'end';

export interface TranslatorFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 6. */
  readonly buckets?: number;
  /** Fraction of each label that is spread over all. Default 0.1. */
  readonly labelSmoothing?: number;
  /** Pairs to measure loss and perplexity on. */
  readonly validation?: readonly TranslationPair[];
  /** How to handle texts longer than `maximumTokens`. Default 'error'. */
  readonly truncation?: SequenceTruncation;
}

export interface TranslateOptions {
  /** Number of translations that are followed at once; 1 takes the likeliest token at every step. Default 4. */
  readonly beams?: number;
  /** Default 1: see `beamSearch`. */
  readonly lengthPenalty?: number;
  /** Whether to give the attention map. Default false. */
  readonly attention?: boolean;
  /** How to handle texts longer than `maximumTokens`. Default 'error'. */
  readonly truncation?: SequenceTruncation;
  /** Number of texts that are translated at once, those of similar length together. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface Translation {
  /** What was translated. */
  readonly source: string;
  readonly text: string;
  /** ln p. */
  readonly logProbability: number;
  /** Further translations, the best first. */
  readonly alternatives: readonly { readonly text: string; readonly logProbability: number }[];
  /** How much each token (row) looked at each of the source (column), where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface TranslatorEvaluation extends Bleu {
  /** Mean negative log-likelihood of a token, the end included. */
  readonly loss: number;
  /** exp of the loss. */
  readonly perplexity: number;
  readonly translations: readonly Translation[];
}

const count = z.number().int().min(1);
const all = {
  width: count.default(256),
  dropout: z.number().min(0).lt(1).default(0.1),
  vocabularySize: z.number().int().min(258).default(8000),
  lowerCase: z.boolean().default(false),
  maximumTokens: count.default(256),
  seed: z.number().int().min(0).default(1),
};

export const translatorSchema = z.discriminatedUnion('architecture', [
  z
    .strictObject({
      architecture: z.literal('transformer'),
      ...all,
      layers: count.default(3),
      heads: count.default(8),
      feedForwardWidth: count.default(512),
    })
    .refine(({ width, heads }) => width % heads === 0, { path: ['heads'], message: 'must divide width' })
    .refine(({ width }) => width % 2 === 0, { path: ['width'], message: 'must be even' }),
  z
    .strictObject({
      architecture: z.literal('recurrent'),
      ...all,
      embeddingWidth: count.default(256),
      cell: z.enum(['gru', 'lstm']).default('gru'),
      attention: z.enum(['none', 'bahdanau', 'luong-dot', 'luong-general', 'luong-concat']).default('bahdanau'),
    })
    .refine(({ width }) => width % 2 === 0, { path: ['width'], message: 'must be even' }),
]);

/** What tasks that write a sequence are trained by: Adam, a twentieth of warm-up, then half a cosine. */
export const sequenceRecipe: Recipe = {
  optimizer: 'adam',
  learningRate: 0.002,
  schedule: 'cosine',
  warmup: 0.05,
  epochs: 10,
  batchSize: 128,
  clipNorm: 2,
  weightDecay: 0,
};
