import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { ForecastScores } from '../../evaluation/score-forecasts.ts';
import type { AnyTable } from '../../table/series-table.ts';

/** What a forecaster is, apart from what it learns from its table: one of its architectures. */
export type ForecasterConfig =
  NLinearForecasterConfig | DLinearForecasterConfig | PatchTstForecasterConfig | ITransformerForecasterConfig;

interface CommonConfig {
  /** Steps that are looked back at. */
  readonly lookBack: number;
  /** Steps that are forecast. */
  readonly horizon: number;
  /** Steps after which a pattern comes again: 24 for hourly values. Default 1: none. */
  readonly season: number;
  /** What every forecast is shown beside and measured against. Default 'seasonal-naive', which of season 1 repeats the last value. */
  readonly baseline: 'seasonal-naive' | 'repeat-last' | 'drift';
  /** Shares of values that intervals should hold. Default [0.8, 0.95]. */
  readonly levels: readonly number[];
  /** What to do with missing values: refuse the table, or look at the value before instead. Missing targets teach nothing in any case. Default 'refuse'. */
  readonly missing: 'refuse' | 'carry';
  /** What is learned: to keep squared or absolute errors small, of standardised values. Default 'mse'. */
  readonly loss: 'mse' | 'mae';
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
}

/** A linear map of time, from the window's last value on. */
export interface NLinearForecasterConfig extends CommonConfig {
  readonly architecture: 'nlinear';
}

/** Linear maps of the moving average and of the rest. */
export interface DLinearForecasterConfig extends CommonConfig {
  readonly architecture: 'dlinear';
  /** Steps of the moving average; odd. Default 25. */
  readonly average: number;
}

interface TransformerConfig extends CommonConfig {
  /** Width of hidden vectors; a multiple of `heads`. Default 16, of iTransformer 128. */
  readonly modelWidth: number;
  /** Number of layers. Default 3, of iTransformer 2. */
  readonly layers: number;
  /** Number of attention heads. Default 4. */
  readonly heads: number;
  /** Width inside the feed-forward parts. Default 128. */
  readonly hiddenWidth: number;
  /** Default 0.3, of iTransformer 0.1. */
  readonly dropout: number;
}

/** Attention over patches of each series' own past. */
export interface PatchTstForecasterConfig extends TransformerConfig {
  readonly architecture: 'patchtst';
  /** Steps in a patch. Default 16. */
  readonly patchLength: number;
  /** Steps from one patch to the next. Default 8. */
  readonly stride: number;
}

/** Attention between series; the only one that reads past-only and known-future columns. */
export interface ITransformerForecasterConfig extends TransformerConfig {
  readonly architecture: 'itransformer';
}

type Options<Config extends ForecasterConfig> = Pick<Config, 'architecture' | 'lookBack' | 'horizon'> & Partial<Config>;

/** What `new Forecaster` takes. */
export type ForecasterOptions =
  | Options<NLinearForecasterConfig>
  | Options<DLinearForecasterConfig>
  | Options<PatchTstForecasterConfig>
  | Options<ITransformerForecasterConfig>;

export interface ForecasterFitOptions extends FitOptions {
  /**
   * What the best weights are chosen on and intervals are calibrated on. Default: the last fifth of the shortest series, of every series, which is then not
   * trained on.
   */
  readonly validation?: AnyTable<'validation'>;
  /** Steps from one training window to the next. Default 1. */
  readonly windowStride?: number;
}

export interface ForecastOptions {
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
  /** Number of windows that are computed at once. Default 128. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface BacktestOptions extends ForecastOptions {
  /** Steps from one origin to the next. Default 1. */
  readonly stride?: number;
  /**
   * 'split' keeps the widths of the calibration; 'adaptive' moves the level with every value that has happened, so that intervals go on holding their share
   * when errors grow. Default 'split'.
   */
  readonly intervals?: 'split' | 'adaptive';
}

/** What is forecast of one series. */
export interface Forecast {
  readonly id: string;
  readonly targets: readonly TargetForecast[];
  /** What `baseline` is. */
  readonly baselineName: string;
  /**
   * How much smaller the mean absolute error was than the baseline's on the validation windows: 0.2 is a fifth smaller, below 0 the baseline is better.
   */
  readonly skill: number;
  /** Where it was asked for: patches of the past by target and layer, or series by layer. Linear models have none. */
  readonly attention?: readonly LabelledMap[];
}

export interface TargetForecast {
  readonly name: string;
  readonly values: Float64Array;
  /** One for each level, the wider hold the narrower. */
  readonly intervals: readonly { readonly level: number; readonly low: Float64Array; readonly high: Float64Array }[];
  readonly baseline: Float64Array;
}

/** How good a forecaster is, beside its baseline on the same windows. */
export interface ForecasterScores extends ForecastScores {
  readonly baseline: ForecastScores;
  /** 1 − MAE / the baseline's MAE: above 0 it is worth having. */
  readonly skill: number;
}

const count = z.number().int().min(1);
const common = {
  lookBack: count,
  horizon: count,
  season: count.default(1),
  baseline: z.enum(['seasonal-naive', 'repeat-last', 'drift']).default('seasonal-naive'),
  levels: z.array(z.number().gt(0).lt(1)).min(1).default([0.8, 0.95]),
  missing: z.enum(['refuse', 'carry']).default('refuse'),
  loss: z.enum(['mse', 'mae']).default('mse'),
  seed: z.number().int().min(0).default(1),
};
const transformer = (width: number, layers: number, dropout: number) => ({
  ...common,
  modelWidth: count.default(width),
  layers: count.default(layers),
  heads: count.default(4),
  hiddenWidth: count.default(128),
  dropout: z.number().min(0).lt(1).default(dropout),
});

export const forecasterSchema = z
  .discriminatedUnion('architecture', [
    z.strictObject({ architecture: z.literal('nlinear'), ...common }),
    z.strictObject({ architecture: z.literal('dlinear'), ...common, average: count.default(25) }),
    z.strictObject({
      architecture: z.literal('patchtst'),
      ...transformer(16, 3, 0.3),
      patchLength: count.default(16),
      stride: count.default(8),
    }),
    z.strictObject({ architecture: z.literal('itransformer'), ...transformer(128, 2, 0.1) }),
  ])
  .refine(({ levels }) => levels.every((level, i) => i === 0 || level > levels[i - 1]), {
    path: ['levels'],
    message: 'must rise',
  });

/** How a forecaster is trained by default: PatchTST's recipe, shortened. */
export const forecasterRecipe: Recipe = {
  optimizer: 'adam',
  learningRate: 5e-4,
  schedule: 'cosine',
  warmup: 0,
  epochs: 25,
  batchSize: 128,
  weightDecay: 0,
};
