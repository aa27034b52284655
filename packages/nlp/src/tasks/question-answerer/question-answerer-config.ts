import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { AnsweredQuestion } from '../../datasets/answered-question.ts';
import type { AnswerMatch } from '../../metrics/answer-match.ts';

/** What a question answerer is, apart from its BERT. */
export interface QuestionAnswererConfig {
  /** Question and text together, in word pieces, with three special ones: longer texts are read in windows of that length. */
  readonly maximumTokens: number;
  /** Decides a new last layer's weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

/** How a published encoder becomes a question answerer. */
export interface PretrainedAnswererOptions {
  /** As in `QuestionAnswererConfig`. Default: as published. */
  readonly maximumTokens?: number;
  /** As in `QuestionAnswererConfig`. Default 1. */
  readonly seed?: number;
}

export interface QuestionAnswererFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 2. */
  readonly buckets?: number;
  /** As in `AnswerOptions`. Default 128, and at most half of the room. */
  readonly stride?: number;
  /** Questions to measure exact match and F1 on. */
  readonly validation?: readonly AnsweredQuestion[];
}

/** A question, and the text that it is asked about. */
export type AskedQuestion = Pick<AnsweredQuestion, 'question' | 'context'>;

export interface AnswerOptions {
  /** How many answers to give, the likeliest first. Default 1. */
  readonly candidates?: number;
  /** Word pieces of an answer at most. Default 15. */
  readonly longestAnswer?: number;
  /** Word pieces that windows of a long text have in common. Default 128, and at most half of the room that the question leaves. */
  readonly stride?: number;
  /** Whether to give the attention maps of the window that the first answer stands in. Default false. */
  readonly attention?: boolean;
  /** Number of windows that are read at once, those of similar length together. Default 16. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/** A part of the text that answers. */
export interface Answer {
  readonly text: string;
  /** Its first character in the context. */
  readonly start: number;
  /** The character of the context after its last. */
  readonly end: number;
  /** How likely it begins there, times how likely it ends there. */
  readonly score: number;
}

export interface FoundAnswer extends Answer {
  /** The likeliest answers, with the first of all. */
  readonly candidates: readonly Answer[];
  /** How likely the text has no answer: of use with models that learnt from questions without one, where it is above `score`. */
  readonly none: number;
  /** Where it was asked for: what each token (row) looked at (column), layer by layer, the mean of its heads. */
  readonly attention?: readonly LabelledMap[];
}

export interface AnswererEvaluation extends AnswerMatch {
  readonly answers: readonly FoundAnswer[];
}

export const questionAnswererSchema = z.strictObject({
  maximumTokens: z.number().int().min(3),
  seed: z.number().int().min(0).default(1),
});

/** How a question answerer is trained by default. */
export const questionAnswererRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 3e-5,
  schedule: 'linear',
  warmup: 0.1,
  epochs: 2,
  batchSize: 16,
  clipNorm: 1,
  weightDecay: 0.01,
};
