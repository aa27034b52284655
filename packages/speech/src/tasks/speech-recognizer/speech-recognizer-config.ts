import type { FitOptions, LowRankAdditions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { Sound } from '../../sound/sound.ts';

/** What a speech recogniser is, apart from what it opens. */
export interface SpeechRecognizerConfig {
  /** Whisper, from published weights. */
  readonly architecture: 'whisper';
  /** Decides the order of the data, dropout, and what is drawn where the likeliest text is refused. Default 1. */
  readonly seed: number;
}

export interface OpenRecognizerOptions {
  /** Trains low-rank additions to frozen weights instead of the weights. Default: all weights are trained. */
  readonly lora?: LowRankAdditions;
  readonly seed?: number;
}

/** A sound and what is said in it. */
export interface SpeechExample extends Sound {
  readonly text: string;
}

export interface SpeechRecognizerFitOptions extends FitOptions {
  /** Sounds to measure word and character errors on. */
  readonly validation?: readonly SpeechExample[];
  /** The language, of models that know several. Default 'en'. */
  readonly language?: string;
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 4. */
  readonly buckets?: number;
}

export interface TranscribeOptions {
  /** The language, of models that know several. Default: the likeliest by the first half minute. */
  readonly language?: string;
  /** Whether to say when each word was said. Default false. */
  readonly words?: boolean;
  /** Whether the model writes times, by which long sounds are cut. Default true. */
  readonly timestamps?: boolean;
  /**
   * How freely tokens are drawn: the likeliest first, and the next temperature where a text repeats itself or is improbable. Default [0, 0.2, 0.4, 0.6, 0.8, 1]; [0]
   * takes the likeliest text whatever it is.
   */
  readonly temperatures?: readonly number[];
  /** The most tokens of one window of 30 seconds. Default 224. */
  readonly maximumTokens?: number;
  /**
   * What stands after a sound that is shorter than 30 seconds: 'silence', as Whisper was trained and as transformers has it, or 'zeros' in its features, as
   * faster-whisper has it. Default 'silence'.
   */
  readonly filling?: 'silence' | 'zeros';
  /** Windows that are quieter than this throughout, in decibels below full scale, are silence: nothing is written. Default −66. */
  readonly silenceBelow?: number;
  /** Where the model is so sure that nobody speaks, and its text is improbable, nothing is written. Default 0.6. */
  readonly noSpeechAbove?: number;
  readonly signal?: AbortSignal;
}

/** A piece of speech that the model ends by a time. */
export interface SpeechSegment {
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokens: readonly number[];
  /** Mean log-probability of the tokens of its window. */
  readonly meanLogProbability: number;
  /** How likely it is, by the model, that nobody speaks in its window. */
  readonly noSpeech: number;
}

export interface SpokenWord {
  readonly text: string;
  /** In seconds. */
  readonly start: number;
  readonly end: number;
  /** Mean probability of its tokens. */
  readonly probability: number;
}

export interface Transcript {
  readonly text: string;
  readonly segments: readonly SpeechSegment[];
  /** Where they were asked for. */
  readonly words?: readonly SpokenWord[];
  /** Of models that know several. */
  readonly language?: string;
  /** 'length' where a window's text was cut off at `maximumTokens`: the decoder would not stop. */
  readonly reason: 'end' | 'length';
}

export const speechRecognizerSchema = z.strictObject({
  architecture: z.literal('whisper'),
  seed: z.number().int().min(0).default(1),
});

/** How a recogniser is fine-tuned by default. */
export const speechRecognizerRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 1e-5,
  schedule: 'linear',
  warmup: 0.1,
  epochs: 3,
  batchSize: 8,
  weightDecay: 0.01,
  clipNorm: 1,
};
