import type { LabelledMap } from '@heed/attention-core';
import { z } from 'zod';

/** What a sentence encoder is, apart from its BERT. */
export interface SentenceEncoderConfig {
  /** The longest sentence that is read, in tokens, special ones included. */
  readonly maximumTokens: number;
}

export interface EncodeOptions {
  /** Whether to give the attention maps; 'heads' gives those of every head too. Default false. */
  readonly attention?: boolean | 'heads';
  /**
   * How to handle sentences longer than `maximumTokens`: 'error' refuses them, 'end' leaves out what is too much before the last token, which is the
   * special one. Default 'error': what is cut off counts for nothing.
   */
  readonly truncation?: 'error' | 'end';
  /** Number of sentences that are encoded at once, those of similar length together. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface EncodedSentence {
  readonly sentence: string;
  /** Of length 1, so that a dot product is a cosine: [M]. */
  readonly embedding: Float32Array;
  /** What the model read, special tokens included. */
  readonly tokens: readonly string[];
  /** Number of tokens that truncation left out. */
  readonly truncated: number;
  /** What each token (row) looked at (column), layer by layer, the mean of its heads; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
  /** The same of every head, layer by layer, for `renderHeads`; where they were asked for. */
  readonly heads?: readonly (readonly LabelledMap[])[];
}

export const sentenceEncoderSchema = z.strictObject({ maximumTokens: z.number().int().min(3) });
