import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { SpecAugmentOptions } from '../../features/spec-augment.ts';
import type { Sound } from '../../sound/sound.ts';

/** What a keyword spotter is, apart from what it learns from its sounds. */
export interface KeywordSpotterConfig {
  /** The words; at least two. What is none of them needs a word of its own, such as 'other'. */
  readonly labels: readonly string[];
  /** Samples a second at which sounds are heard; those of other rates are brought to it. Default 16000. */
  readonly rate: number;
  /** The longest sound, in seconds. Default 3. */
  readonly maximumSeconds: number;
  /** Number of mel bands. Default 40. */
  readonly mels: number;
  /** Width of hidden vectors; a multiple of `heads`. Default 64. */
  readonly modelWidth: number;
  /** Number of layers. Default 4. */
  readonly layers: number;
  /** Number of attention heads. Default 4. */
  readonly heads: number;
  /** Fraction of vectors and attention weights that is dropped in training. Default 0.1. */
  readonly dropout: number;
  /** Decides initial weights, order of the data, augmentation and dropout. Default 1. */
  readonly seed: number;
}

/** A sound and the word that it is. */
export interface KeywordExample extends Sound {
  readonly label: string;
}

export interface KeywordSpotterFitOptions extends FitOptions {
  /** Sounds to measure loss and accuracy on. */
  readonly validation?: readonly KeywordExample[];
  /** How much faster each sound is also heard in training, e.g. [0.9, 1, 1.1]. Default [1]. */
  readonly speeds?: readonly number[];
  /** Stripes that hide time and frequency in training. Default: none. */
  readonly specAugment?: SpecAugmentOptions;
  /** Fraction of the target that is spread over all words, so that training does not end in certainty. Default 0. */
  readonly labelSmoothing?: number;
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 4. */
  readonly buckets?: number;
}

export interface SpotOptions {
  /** Whether to say which moments decided. Default false. */
  readonly attention?: boolean;
  /** How to handle longer sounds: 'error' refuses them, 'end' reads their last seconds. Default 'error'. */
  readonly truncation?: 'error' | 'end';
  /** Number of sounds that are heard at once. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface SpottedKeyword {
  /** The likeliest word. */
  readonly label: string;
  /** Of every word. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** How much each moment decided, in columns of 20 ms; where it was asked for. */
  readonly attention?: LabelledMap;
}

export interface ListenOptions {
  /** Samples a second of what comes in. */
  readonly rate: number;
  /** How much of the past is heard each time, in seconds. Default 1. */
  readonly window?: number;
  /** How often it is heard, in seconds. Default 0.2. */
  readonly every?: number;
  readonly signal?: AbortSignal;
}

export interface HeardKeyword extends SpottedKeyword {
  /** Where what was heard ends, in seconds from the beginning. */
  readonly time: number;
}

const count = z.number().int().min(1);

export const keywordSpotterSchema = z
  .strictObject({
    labels: z.array(z.string().min(1)).min(2),
    rate: z.number().min(1000).max(768_000).default(16_000),
    maximumSeconds: z.number().positive().max(60).default(3),
    mels: count.default(40),
    modelWidth: count.multipleOf(2).default(64),
    layers: count.default(4),
    heads: count.default(4),
    dropout: z.number().min(0).lt(1).default(0.1),
    seed: z.number().int().min(0).default(1),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  })
  .refine(({ labels }) => new Set(labels).size === labels.length, { path: ['labels'], message: 'must differ' });

/** How a keyword spotter is trained by default. */
export const keywordSpotterRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 1e-3,
  schedule: 'cosine',
  warmup: 0.05,
  epochs: 30,
  batchSize: 64,
  weightDecay: 0.01,
  clipNorm: 1,
};
