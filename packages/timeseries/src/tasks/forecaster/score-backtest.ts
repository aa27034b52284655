import type { Baseline } from '../../baselines/baseline.ts';
import { baselineForecasts } from '../../evaluation/score-baseline.ts';
import { scoreForecasts, type WindowForecast } from '../../evaluation/score-forecasts.ts';
import { adaptiveIntervals } from '../../intervals/adaptive-conformal.ts';
import type { SplitConformal } from '../../intervals/split-conformal.ts';
import type { StandardScaler } from '../../scaling/standard-scaler.ts';
import type { AnyTable } from '../../table/series-table.ts';
import type { BacktestOptions, ForecasterScores } from './forecaster-config.ts';

/** Forecasts with intervals around them. */
export function withIntervals(
  table: AnyTable,
  forecasts: readonly WindowForecast[],
  conformal: SplitConformal,
  { intervals, scaler }: { readonly intervals: BacktestOptions['intervals']; readonly scaler: StandardScaler },
): readonly WindowForecast[] {
  if (intervals === 'adaptive') return adaptiveIntervals(table, forecasts, conformal, { scaler });
  return forecasts.map((forecast) => ({
    ...forecast,
    intervals: forecast.values.map((values, target) =>
      conformal.around(target, values, scaler.of(table.series[forecast.series].id)?.[target]),
    ),
  }));
}

/** Scores of forecasts, and of a baseline from the same origins. */
export function scoreBeside(
  table: AnyTable,
  forecasts: readonly WindowForecast[],
  baseline: Baseline,
  options: { readonly season: number; readonly horizon: number; readonly scaler: StandardScaler },
): ForecasterScores {
  const model = scoreForecasts(table, forecasts, options);
  const beside = scoreForecasts(table, baselineForecasts(baseline, table, forecasts, options.horizon), options);
  return { ...model, baseline: beside, skill: 1 - model.mae / beside.mae };
}
