export { Calendar, type LocalTime, type Step } from './table/calendar.ts';
export { tableFromCsv, tableFromRows, type Cell, type TableOptions } from './table/read-table.ts';
export { SeriesTable, type AnyTable, type Part, type Series, type SeriesInput } from './table/series-table.ts';
export { originsOf, type Origin } from './table/windows.ts';
export { StandardScaler, type Standard } from './scaling/standard-scaler.ts';
export { normaliseWindow, type NormalisedWindow, type WindowNormalisation } from './scaling/window-normalisation.ts';
export {
  coverage,
  intervalScore,
  msis,
  quantileLoss,
  weightedQuantileLoss,
  width,
  type Interval,
} from './evaluation/interval-scores.ts';
export { mae, mase, mse, rmsse, seasonalScale, smape, type SmapeVariant } from './evaluation/point-errors.ts';
export { blockBootstrap, type BlockDifference } from './evaluation/block-bootstrap.ts';
export { baselineForecasts, scoreBaseline, type BaselineOptions } from './evaluation/score-baseline.ts';
export {
  scoreForecasts,
  type ForecastScores,
  type IntervalScores,
  type ScoreOptions,
  type WindowForecast,
} from './evaluation/score-forecasts.ts';
export type { Baseline, BaselineStamps } from './baselines/baseline.ts';
export { SplitConformal, type ConformalOptions } from './intervals/split-conformal.ts';
export { drift } from './baselines/drift.ts';
export { repeatLast } from './baselines/repeat-last.ts';
export { seasonalNaive, seasonalNaiveByClock } from './baselines/seasonal-naive.ts';
export { adaptiveIntervals, type AdaptiveOptions } from './intervals/adaptive-conformal.ts';
export { etth1, readEtth1 } from './datasets/etth1/etth1.ts';
export { m4Hourly, readM4Hourly } from './datasets/m4-hourly/m4-hourly.ts';
export { createDLinear, DLinear, type DLinearConfig } from './models/dlinear/dlinear.ts';
export { createITransformer, ITransformer, type ITransformerConfig } from './models/itransformer/itransformer.ts';
export { createNLinear, NLinear, type NLinearConfig } from './models/nlinear/nlinear.ts';
export { createPatchTst, patchSpans, PatchTst, type PatchTstConfig } from './models/patchtst/patchtst.ts';
export { patchTstConfigOf, patchTstNames, publishedPatchTstConfig } from './models/patchtst/patchtst.published.ts';
export type { WindowBatch, WindowMode } from './models/window-batch.ts';
export { Forecaster } from './tasks/forecaster/forecaster.ts';
export type {
  BacktestOptions,
  DLinearForecasterConfig,
  Forecast,
  ForecasterConfig,
  ForecasterFitOptions,
  ForecasterOptions,
  ForecasterScores,
  ForecastOptions,
  ITransformerForecasterConfig,
  NLinearForecasterConfig,
  PatchTstForecasterConfig,
  TargetForecast,
} from './tasks/forecaster/forecaster-config.ts';
export { attentionOverPast } from './charts/attention-over-past.ts';
export { renderFan, type Fan } from './charts/render-fan.ts';
export { chronosBoltConfigOf, chronosBoltNames } from './models/chronos-bolt/chronos-bolt.published.ts';
export {
  ChronosBolt,
  createChronosBolt,
  type ChronosBoltConfig,
  type ContextBatch,
} from './models/chronos-bolt/chronos-bolt.ts';
export { readContext, type Context } from './models/chronos-bolt/read-context.ts';
export { ZeroShotForecaster } from './tasks/zero-shot-forecaster/zero-shot-forecaster.ts';
export type {
  ZeroShotForecast,
  ZeroShotForecasterConfig,
  ZeroShotOptions,
} from './tasks/zero-shot-forecaster/zero-shot-forecaster-config.ts';
