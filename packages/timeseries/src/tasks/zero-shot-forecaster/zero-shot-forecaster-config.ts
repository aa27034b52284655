import type { LabelledMap } from '@heed/attention-core';
import { z } from 'zod';

/** What a zero-shot forecaster is beside its published model. */
export interface ZeroShotForecasterConfig {
  /** Steps after which a pattern comes again, for the baseline. Default 1: none. */
  readonly season: number;
  /** What every forecast is shown beside. Default 'seasonal-naive', which of season 1 repeats the last value. */
  readonly baseline: 'seasonal-naive' | 'repeat-last' | 'drift';
}

export interface ZeroShotOptions {
  /**
   * Steps to forecast. Default: what the model forecasts at once. Longer ones go on from each quantile of what was forecast, as chronos-forecasting does, and
   * are less sure than they seem.
   */
  readonly horizon?: number;
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
  /** Number of series that are computed at once. Default 32. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface ZeroShotForecast {
  /** The median, or the quantile next to it. */
  readonly values: Float64Array;
  /** Rising, and never crossing. */
  readonly quantiles: readonly { readonly quantile: number; readonly values: Float64Array }[];
  readonly baseline: Float64Array;
  /** What `baseline` is. */
  readonly baselineName: string;
  /** Where it was asked for, of the first steps: what each patch of the past looked at, and what the forecast did. */
  readonly attention?: readonly LabelledMap[];
}

export const zeroShotSchema = z.strictObject({
  season: z.number().int().min(1).default(1),
  baseline: z.enum(['seasonal-naive', 'repeat-last', 'drift']).default('seasonal-naive'),
});
