import type { StandardScaler } from '../scaling/standard-scaler.ts';
import type { AnyTable } from '../table/series-table.ts';
import type { Origin } from '../table/windows.ts';
import { coverage, intervalScore, quantileLoss, width } from './interval-scores.ts';
import { mae, mse, seasonalScale, smape, type SmapeVariant } from './point-errors.ts';

/** What was forecast from one origin. */
export interface WindowForecast extends Origin {
  /** For each target, its steps. */
  readonly values: readonly Float64Array[];
  /** For each target, its intervals, the levels in the same order everywhere. */
  readonly intervals?: readonly (readonly {
    readonly level: number;
    readonly low: Float64Array;
    readonly high: Float64Array;
  }[])[];
}

export interface ScoreOptions {
  /** Steps after which a pattern comes again, for MASE and MSIS: 24 for hourly values. Stated with every result. */
  readonly season: number;
  /** Default 'm4'. */
  readonly smape?: SmapeVariant;
  /** MSE and MAE are of values standardised by it. Default: of the values as they are. */
  readonly scaler?: StandardScaler;
}

/** How good forecasts are. Every mean is over all windows and targets; the last window counts like the others. */
export interface ForecastScores {
  readonly windows: number;
  /** On standardised values, where a scaler was given. */
  readonly mse: number;
  readonly mae: number;
  /** In percent. */
  readonly smape: number;
  readonly smapeVariant: SmapeVariant;
  /** NaN where it is defined nowhere. */
  readonly mase: number;
  /** The season of MASE and MSIS. */
  readonly season: number;
  /** Windows and targets for which MASE is not defined, since what came before the part never differs from a season earlier; they are left out of its mean. */
  readonly undefinedMase: number;
  /** Windows and targets without any actual value; they are left out of all means. */
  readonly empty: number;
  readonly intervals: readonly IntervalScores[];
}

export interface IntervalScores {
  readonly level: number;
  /** Fraction of values inside. */
  readonly coverage: number;
  /** Mean width, standardised like MSE. */
  readonly width: number;
  readonly msis: number;
  /** Weighted quantile loss of the interval's two ends. */
  readonly weightedQuantileLoss: number;
}

/**
 * Scores forecasts against a table's values. Scaled errors are divided by the seasonal error of what comes before the table's part.
 *
 * @throws if a forecast does not lie in the table
 *
 * @example
 * ```ts
 * import { originsOf, scoreForecasts, seasonalNaive, SeriesTable } from '@heed/timeseries';
 * const { test } = SeriesTable.of([{ targets: { y: [1, 2, 1, 2, 1, 3, 1, 2] } }]).split({ validation: 0, test: 2 });
 * const forecasts = originsOf(test, { lookBack: 2, horizon: 2 }).map(({ series, at }) => {
 *   const history = test.series[series].targets[0].subarray(0, at);
 *   return { series, at, values: [seasonalNaive(2).forecast(history, 2)] };
 * });
 * scoreForecasts(test, forecasts, { season: 2 }).mae; // |1 − 1| and |2 − 3|: 0.5
 * ```
 */
export function scoreForecasts(
  table: AnyTable,
  forecasts: Iterable<WindowForecast>,
  { season, smape: variant = 'm4', scaler }: ScoreOptions,
): ForecastScores {
  const scales = table.series.map(({ targets, from }) =>
    targets.map((values) => seasonalScale(values.subarray(0, from), season)),
  );
  const sums = { mse: new Mean(), mae: new Mean(), smape: new Mean(), mase: new Mean() };
  const intervals: ReturnType<typeof emptyInterval>[] = [];
  let windows = 0;
  let undefinedMase = 0;
  let empty = 0;
  let size = 0;
  for (const forecast of forecasts) {
    windows++;
    const series = table.series[forecast.series];
    for (const [target, values] of forecast.values.entries()) {
      const actual = series.targets[target].subarray(forecast.at, forecast.at + values.length);
      const squared = mse(actual, values);
      const absolute = mae(actual, values);
      if (squared === undefined || absolute === undefined) {
        empty++;
        continue;
      }
      const deviation = scaler?.of(series.id)?.[target].deviation ?? 1;
      const scale = scales[forecast.series][target];
      sums.mse.add(squared / deviation ** 2);
      sums.mae.add(absolute / deviation);
      sums.smape.add(smape(actual, values, variant)!);
      if (scale === undefined) undefinedMase++;
      else sums.mase.add(absolute / scale);
      let present = 0;
      for (const y of actual) {
        if (Number.isNaN(y)) continue;
        size += Math.abs(y);
        present++;
      }
      for (const [i, interval] of (forecast.intervals?.[target] ?? []).entries()) {
        const kept = (intervals[i] ??= emptyInterval(interval.level));
        kept.coverage.add(coverage(actual, interval)!);
        kept.width.add(width(actual, interval)! / deviation);
        if (scale !== undefined) kept.msis.add(intervalScore(actual, interval)! / scale);
        const tail = (1 - interval.level) / 2;
        kept.loss +=
          present * (quantileLoss(actual, interval.low, tail)! + quantileLoss(actual, interval.high, 1 - tail)!);
      }
    }
  }
  return {
    windows,
    mse: sums.mse.value,
    mae: sums.mae.value,
    smape: sums.smape.value,
    smapeVariant: variant,
    mase: sums.mase.value,
    season,
    undefinedMase,
    empty,
    intervals: intervals.map(({ level, coverage: inside, width: wide, msis: scaled, loss }) => ({
      level,
      coverage: inside.value,
      width: wide.value,
      msis: scaled.value,
      weightedQuantileLoss: size > 0 ? loss / size : NaN, // 2 · Σ pinball / Σ |y|, the mean of two
    })),
  };
}

function emptyInterval(level: number) {
  return { level, coverage: new Mean(), width: new Mean(), msis: new Mean(), loss: 0 };
}

class Mean {
  private sum = 0;
  private count = 0;

  add(value: number): void {
    this.sum += value;
    this.count++;
  }

  get value(): number {
    return this.count === 0 ? NaN : this.sum / this.count;
  }
}
