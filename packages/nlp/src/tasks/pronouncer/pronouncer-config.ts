import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions } from '@heed/tasks';
import { z } from 'zod';
import type { LexiconEntry } from '../../datasets/lexicon.ts';
import type { PronunciationErrors, PronunciationErrorsByLength } from '../../metrics/pronunciation-errors.ts';
import type { RecurrentSeq2SeqConfig } from '../../models/recurrent-seq2seq/recurrent-seq2seq.ts';

/** What a pronouncer is, apart from the letters and phonemes that it learns from its data. */
export interface PronouncerConfig extends Omit<RecurrentSeq2SeqConfig, 'sourceSize' | 'targetSize'> {
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
  /** Longer words are refused. Default 64. */
  readonly maximumLetters: number;
}

export interface PronouncerFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 6. */
  readonly buckets?: number;
  /** Fraction of each label that is spread over all. Default 0.1. */
  readonly labelSmoothing?: number;
  /** Words to measure phoneme and word error rate on. */
  readonly validation?: readonly LexiconEntry[];
}

export interface PronounceOptions {
  /** Number of pronunciations that are followed at once; 1 takes the likeliest phoneme at every step. Default 5. */
  readonly beams?: number;
  /**
   * Default 1, the mean log-probability of a phoneme: at 0 each phoneme costs, and what was learned badly is best said in few of them. See
   * `beamSearch`.
   */
  readonly lengthPenalty?: number;
  /** Whether to give the attention map. Default false. */
  readonly attention?: boolean;
  /** Number of words that are pronounced at once, those of similar length together. Default 256. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface Pronunciation {
  readonly word: string;
  /** At least one. */
  readonly phonemes: readonly string[];
  /** ln p. */
  readonly logProbability: number;
  /** Further pronunciations, the best first. */
  readonly alternatives: readonly { readonly phonemes: readonly string[]; readonly logProbability: number }[];
  /** How much each phoneme (row) looked at each letter (column), where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface PronouncerEvaluation extends PronunciationErrors {
  readonly byLength: readonly PronunciationErrorsByLength[];
}

const count = z.number().int().min(1);

export const pronouncerSchema = z
  .strictObject({
    cell: z.enum(['gru', 'lstm']).default('gru'),
    bidirectional: z.boolean().default(true),
    embeddingWidth: count.default(64),
    hiddenWidth: count.default(256),
    attention: z.enum(['none', 'bahdanau', 'luong-dot', 'luong-general', 'luong-concat']).default('bahdanau'),
    window: z.enum(['global', 'local-m', 'local-p']).default('global'),
    windowRadius: count.default(3),
    contextEveryStep: z.boolean().default(false),
    dropout: z.number().min(0).lt(1).default(0.2),
    seed: z.number().int().min(0).default(1),
    maximumLetters: count.default(64),
  })
  .refine(({ bidirectional, hiddenWidth }) => !bidirectional || hiddenWidth % 2 === 0, {
    path: ['hiddenWidth'],
    message: 'must be even where the encoder is bidirectional',
  })
  .refine(({ attention, window }) => attention !== 'none' || window === 'global', {
    path: ['window'],
    message: "must be 'global' where attention is 'none'",
  })
  .refine(({ attention, contextEveryStep }) => attention === 'none' || !contextEveryStep, {
    path: ['contextEveryStep'],
    message: "must be false unless attention is 'none'",
  });
