import type { ClassificationReport, FitOptions, LowRankAdditions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { Augmentation } from '../../augmentation/augment.ts';
import type { LabelledImage } from '../../datasets/labelled-image.ts';
import type { Calibration } from '../../evaluation/calibration.ts';
import type { CctConfig } from '../../models/cct/cct.ts';
import type { ConvNetConfig } from '../../models/conv-net/conv-net.ts';
import type { VitConfig } from '../../models/vit/vit.ts';
import type { Overlay } from '../../pictures/overlay.ts';
import type { ImageReading } from '../../preprocessing/image-reader.ts';

/** What a classifier is, apart from what it learns from its data: one of its architectures. */
export type ImageClassifierConfig = VitClassifierConfig | CctClassifierConfig | ConvNetClassifierConfig;

interface ClassifierConfig extends ImageReading {
  /** The classes of pictures; at least two. */
  readonly labels: readonly string[];
  /** Decides initial weights, order of the data, augmentation and dropout. Default 1. */
  readonly seed: number;
}

type Shared = 'imageSize' | 'channels' | 'classes';

/** A Vision Transformer, from scratch or from published weights. Defaults: a small one of 0.3 M weights, patches of 4. */
export interface VitClassifierConfig extends ClassifierConfig, Omit<VitConfig, Shared> {
  readonly architecture: 'vit';
  /** Height and width of the pictures that positions are learned for; for others they are resized. Default: `imageSize`. */
  readonly positionSize?: readonly [height: number, width: number];
}

/** Convolutions, then a Transformer over what they see: from scratch, for small pictures. Defaults: CCT-2/3×2, 0.28 M weights. */
export interface CctClassifierConfig extends ClassifierConfig, Omit<CctConfig, Shared> {
  readonly architecture: 'cct';
}

/** A residual network, plain or with gates of channels and places. Defaults: three stages, 0.3 M weights. */
export interface ConvNetClassifierConfig extends ClassifierConfig, Omit<ConvNetConfig, Shared> {
  readonly architecture: 'conv-net';
}

type Optional<Config extends ImageClassifierConfig> = Pick<Config, 'architecture' | 'labels' | 'imageSize'> &
  Partial<Config>;

/** What `new ImageClassifier` takes: an architecture, its labels, the size of pictures, and what shall not be as by default. */
export type ImageClassifierOptions =
  Optional<VitClassifierConfig> | Optional<CctClassifierConfig> | Optional<ConvNetClassifierConfig>;

/** How published weights become a classifier. */
export interface PretrainedImageClassifierOptions {
  /** The classes of pictures. Default: what the weights were published for; then their own last layer is used. */
  readonly labels?: readonly string[];
  /** Height and width of pictures, another than the published one if wanted: positions are resized. */
  readonly imageSize?: readonly [height: number, width: number];
  /** Train low-rank additions to the layers instead of the weights (`applyLora`); the last layer is trained as well. */
  readonly lora?: LowRankAdditions;
  /** Decides initial weights, order of the data, augmentation and dropout. Default 1. */
  readonly seed?: number;
}

export interface ImageClassifierFitOptions extends FitOptions {
  /** What is done to pictures while the model learns from them. Default: nothing. */
  readonly augmentation?: Augmentation;
  /** Share of each class's probability that is spread over all. Default 0. */
  readonly labelSmoothing?: number;
  /** Pictures to measure loss and accuracy on. */
  readonly validation?: readonly LabelledImage[];
}

export interface ImageClassifierPredictOptions {
  /** Number of pictures that are read at once. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface PredictedImage {
  /** The likeliest label. */
  readonly label: string;
  readonly probability: number;
  /** Of every label. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Where a model looked: what `explain` is asked for. */
export interface ExplainOptions {
  /**
   * 'layers': the maps of layers and heads as they are. 'rollout': all layers joined (Abnar & Zuidema 2020). 'gradient': what of all layers speaks for
   * the label (Chefer et al. 2021). Default 'layers'.
   */
  readonly by?: 'layers' | 'rollout' | 'gradient';
  /** Which layers, counted from 1; only these are computed. Default: all. With `by: 'layers'` alone. */
  readonly layers?: readonly number[];
  /** 'each' gives an overlay for each head, 'mean' one for each layer. Default 'mean'. With `by: 'layers'` alone. */
  readonly heads?: 'each' | 'mean';
  /** The label that is explained by its gradient. Default: the likeliest. */
  readonly label?: string;
}

export interface ExplainedImage extends PredictedImage {
  readonly overlays: readonly Overlay[];
}

export interface ImageClassifierEvaluation extends ClassificationReport, Calibration {
  /** The mean of −log p(label), in nats. */
  readonly loss: number;
  readonly predictions: readonly PredictedImage[];
}

const count = z.number().int().min(1);
const share = z.number().min(0).lt(1);
const all = {
  labels: z
    .array(z.string().min(1))
    .min(2)
    .refine((labels) => new Set(labels).size === labels.length, { message: 'must differ' }),
  imageSize: z.tuple([count, count]),
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  framing: z.enum(['stretch', 'crop']).default('stretch'),
  filter: z.enum(['bilinear', 'bicubic', 'lanczos']).default('bilinear'),
  mean: z.array(z.number()),
  deviation: z.array(z.number().positive()),
  dropout: share.default(0),
  seed: z.number().int().min(0).default(1),
};
const transformer = { heads: count.default(2), attentionDropout: share.default(0) };

const architectures = z
  .discriminatedUnion('architecture', [
    z.strictObject({
      architecture: z.literal('vit'),
      ...all,
      ...transformer,
      patchSize: count.default(4),
      positionSize: z.tuple([count, count]).exactOptional(),
      modelWidth: count.default(96),
      layers: count.default(4),
      feedForwardWidth: count.default(192),
      activation: z.enum(['relu', 'gelu', 'gelu-tanh', 'silu']).default('gelu'),
      epsilon: z.number().positive().default(1e-12),
      pooling: z.enum(['token', 'mean']).default('token'),
    }),
    z.strictObject({
      architecture: z.literal('cct'),
      ...all,
      ...transformer,
      convolutions: count.default(2),
      kernelSize: count.default(3),
      stemWidth: count.default(64),
      modelWidth: count.default(128),
      layers: count.default(2),
      feedForwardWidth: count.default(128),
      stochasticDepth: share.default(0),
    }),
    z.strictObject({
      architecture: z.literal('conv-net'),
      ...all,
      widths: z.array(count).min(1).default([32, 64, 128]),
      blocks: count.default(1),
      attention: z.enum(['none', 'squeeze-excitation', 'convolutional-block']).default('none'),
      reduction: count.default(16),
    }),
  ])
  .refine(({ mean, deviation, channels }) => mean.length === channels && deviation.length === channels, {
    path: ['mean'],
    message: 'must have a number for each channel, as deviation',
  })
  .refine((config) => config.architecture === 'conv-net' || config.modelWidth % config.heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  })
  .refine(
    (config) => config.architecture !== 'vit' || config.imageSize.every((size) => size % config.patchSize === 0),
    { path: ['imageSize'], message: 'must be multiples of patchSize' },
  );

/** Mean and deviation are a half for each channel unless they are given. */
export const imageClassifierSchema = z.preprocess((given: unknown) => {
  const { channels = 3, ...rest } = (given ?? {}) as { channels?: number };
  const halves = Array.from({ length: channels === 1 ? 1 : 3 }, () => 0.5);
  return { mean: halves, deviation: halves, channels, ...rest };
}, architectures);

/** How a classifier is trained by default. */
export const imageClassifierRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 1e-3,
  schedule: 'cosine',
  warmup: 0.1,
  epochs: 10,
  batchSize: 128,
  weightDecay: 0.05,
};
