import type { BertConfig } from '../../models/bert/bert.ts';
import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Recipe, TokenizerJson } from '@heed/tasks';
import { z } from 'zod';

/** What an encoder is, apart from the vocabulary that it learns from its texts. */
export interface BertPretrainerConfig {
  /** Number of word pieces at most, special tokens included. Default 4,000. */
  readonly vocabularySize: number;
  /** Whether to lowercase the text and leave out its accents. Default true. */
  readonly lowerCase: boolean;
  /** The longest text in word pieces, and the length of the pairs that it learns from. Default 64. */
  readonly maximumTokens: number;
  /** Width of the hidden states; the feed-forward parts are four times as wide. Default 128. */
  readonly width: number;
  /** Default 4. */
  readonly layers: number;
  /** `width` is a multiple. Default 4. */
  readonly heads: number;
  /** Default 0.1. */
  readonly dropout: number;
  /** Whether it reads from one side and learns the token after each, instead of masked tokens and the next sentence: to compare with. Default false. */
  readonly causal: boolean;
  /** Decides initial weights, pairs, masks and dropout. Default 1. */
  readonly seed: number;
}

export interface BertPretrainerFitOptions extends FitOptions {
  /**
   * Fraction of the tokens that are asked for. Default 0.15, as in the paper. More of them teach more in as many steps, and each sees less of the others:
   * 0.4 was found as good or better (Wettig et al. 2023, "Should you mask 15% in masked language modeling?").
   */
  readonly maskedShare?: number;
  /** Word pieces to use. Default: learnt from the texts. */
  readonly tokenizer?: TokenizerJson;
  /** Documents to measure on meanwhile: the history gets what `evaluate` gives. */
  readonly validation?: readonly string[];
}

export interface BertPretrainerEvaluation {
  /** Mean cross-entropy of the tokens that were asked for, in nats. */
  readonly loss: number;
  /** Fraction of them predicted correctly. */
  readonly tokenAccuracy: number;
  /** Fraction of the pairs predicted correctly; half by chance. NaN for a causal encoder, which is not asked. */
  readonly nextSentenceAccuracy: number;
  /** How many tokens were asked for. */
  readonly tokens: number;
}

export interface FillOptions {
  /** Number of candidates for each mask. Default 5. */
  readonly candidates?: number;
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
  /** Number of texts that are read at once, those of similar length together. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface FilledText {
  /** With the likeliest word piece in each mask's place. */
  readonly text: string;
  /** For each mask in the text, what may stand there, the likeliest first. */
  readonly masks: readonly (readonly { readonly token: string; readonly probability: number }[])[];
  /** What was read, special tokens included. */
  readonly tokens: readonly string[];
  /** What each token (row) looked at (column), layer by layer, the mean of its heads; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
}

const count = z.number().int().min(1);

export const bertPretrainerSchema = z
  .strictObject({
    vocabularySize: count.default(4000),
    lowerCase: z.boolean().default(true),
    maximumTokens: z.number().int().min(5).default(64),
    width: count.default(128),
    layers: count.default(4),
    heads: count.default(4),
    dropout: z.number().min(0).lt(1).default(0.1),
    causal: z.boolean().default(false),
    seed: z.number().int().min(0).default(1),
  })
  .refine(({ width, heads }) => width % heads === 0, { path: ['width'], message: 'must be a multiple of heads' });

/** How an encoder is pretrained by default. */
export const bertPretrainerRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 0.001,
  schedule: 'linear',
  warmup: 0.1,
  epochs: 3,
  batchSize: 32,
  clipNorm: 1,
  weightDecay: 0.01,
};

/** The BERT of a config. */
export function bertOf(config: BertPretrainerConfig, vocabularySize: number): BertConfig {
  const { maximumTokens, width, layers, heads, dropout, causal } = config;
  return {
    vocabularySize,
    maximumLength: maximumTokens,
    tokenTypes: 2,
    modelWidth: width,
    layers,
    heads,
    feedForwardWidth: 4 * width,
    activation: 'gelu',
    epsilon: 1e-12,
    dropout,
    attentionDropout: dropout,
    causal,
  };
}
