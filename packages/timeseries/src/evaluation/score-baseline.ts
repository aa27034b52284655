import type { Baseline } from '../baselines/baseline.ts';
import type { AnyTable } from '../table/series-table.ts';
import { originsOf, type Origin } from '../table/windows.ts';
import { scoreForecasts, type ForecastScores, type ScoreOptions, type WindowForecast } from './score-forecasts.ts';

export interface BaselineOptions extends ScoreOptions {
  readonly horizon: number;
  /** Steps that must lie before an origin: the look-back of what the baseline is compared with. Default: what it needs. */
  readonly lookBack?: number;
  /** Default 1. */
  readonly stride?: number;
}

/** Scores of a baseline from every origin of a table's part. @throws if a size is out of range, or there is no origin */
export function scoreBaseline(baseline: Baseline, table: AnyTable, options: BaselineOptions): ForecastScores {
  const { horizon, lookBack = baseline.needs, stride = 1 } = options;
  const origins = originsOf(table, { lookBack, horizon, stride });
  if (origins.length === 0) {
    throw new Error(
      `scoreBaseline: there must be an origin with ${lookBack} steps before and ${horizon} after, got none`,
    );
  }
  return scoreForecasts(table, baselineForecasts(baseline, table, origins, horizon), options);
}

/** What a baseline forecasts from each origin. */
export function* baselineForecasts(
  baseline: Baseline,
  table: AnyTable,
  origins: Iterable<Origin>,
  horizon: number,
): Generator<WindowForecast> {
  for (const { series, at } of origins) {
    const { targets, stamps } = table.series[series];
    const when = stamps && { history: stamps.subarray(0, at), horizon: stamps.subarray(at, at + horizon) };
    yield { series, at, values: targets.map((values) => baseline.forecast(values.subarray(0, at), horizon, when)) };
  }
}
