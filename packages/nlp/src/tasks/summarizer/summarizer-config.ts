import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Rouge } from '@heed/tasks';
import { z } from 'zod';
import type { SummaryPair } from '../../datasets/summary-pair.ts';
import type { Repetition } from '../../metrics/repetition.ts';
import type { PointerGeneratorConfig } from '../../models/pointer-generator/pointer-generator.ts';
import type { SequenceTruncation } from '../translator/translator-config.ts';

/** What a summarizer is, apart from the words that it learns from its data. */
export interface SummarizerConfig extends Omit<PointerGeneratorConfig, 'vocabularySize' | 'unknown'> {
  /** How many of the most frequent words of texts and summaries are known; the others can be copied. Default 8000. */
  readonly vocabularySize: number;
  /** Whether to lowercase the text. Default true. */
  readonly lowerCase: boolean;
  /** Longer texts are refused, or cut where truncation is asked for; signs count as words. Default 100. */
  readonly maximumWords: number;
  /** The same for summaries; none is written that is longer. Default 30. */
  readonly maximumSummaryWords: number;
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

export interface SummarizerFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 4. */
  readonly buckets?: number;
  /** What looking at the same word again costs, where the model has coverage. Default 1. */
  readonly coverageWeight?: number;
  /** Pairs to measure the loss on, and the part of it that coverage charges. */
  readonly validation?: readonly SummaryPair[];
  /** How to handle texts and summaries that are too long. Default 'error'. */
  readonly truncation?: SequenceTruncation;
}

export interface SummarizeOptions {
  /** Number of summaries that are followed at once; 1 takes the likeliest word at every step. Default 4. */
  readonly beams?: number;
  /** Default 1: see `beamSearch`. */
  readonly lengthPenalty?: number;
  /** No summary has fewer words. Default 1. */
  readonly minimumWords?: number;
  /** Whether to give the attention map. Default false. */
  readonly attention?: boolean;
  /** How to handle texts of more than `maximumWords`: 'error' refuses them, 'end' cuts their end. Default 'error'. */
  readonly truncation?: SequenceTruncation;
  /** Number of texts that are summarized at once, those of similar length together. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface Summary {
  /** What was summarized. */
  readonly text: string;
  readonly summary: string;
  /** Words of the summary that the vocabulary does not have: copied from the text. */
  readonly copied: readonly string[];
  /** ln p. */
  readonly logProbability: number;
  /** Further summaries, the best first. */
  readonly alternatives: readonly { readonly summary: string; readonly logProbability: number }[];
  /** How much each word (row) looked at each of the text (column), where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface SummarizerEvaluation extends Rouge {
  /** How much the summaries repeat themselves. */
  readonly repetition: Repetition;
  readonly summaries: readonly Summary[];
}

const count = z.number().int().min(1);

export const summarizerSchema = z
  .strictObject({
    embeddingWidth: count.default(128),
    hiddenWidth: count.default(192),
    score: z.enum(['additive', 'general', 'scaled-dot']).default('additive'),
    copying: z.boolean().default(true),
    coverage: z.boolean().default(false),
    dropout: z.number().min(0).lt(1).default(0.2),
    vocabularySize: count.default(8000),
    lowerCase: z.boolean().default(true),
    maximumWords: count.default(100),
    maximumSummaryWords: count.default(30),
    seed: z.number().int().min(0).default(1),
  })
  .refine(({ hiddenWidth }) => hiddenWidth % 2 === 0, { path: ['hiddenWidth'], message: 'must be even' });
