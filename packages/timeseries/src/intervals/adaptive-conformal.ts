import type { WindowForecast } from '../evaluation/score-forecasts.ts';
import type { StandardScaler } from '../scaling/standard-scaler.ts';
import type { AnyTable } from '../table/series-table.ts';
import type { SplitConformal } from './split-conformal.ts';

export interface AdaptiveOptions {
  readonly scaler?: StandardScaler;
  /**
   * How much a level moves when an interval missed. Over T origins the share that is held is at most about 1 / (rate · T) off (Gibbs & Candès 2021,
   * proposition 4.1). Default 0.05: 2 points over 1,000.
   */
  readonly rate?: number;
}

/**
 * Intervals for rolling use, after adaptive conformal inference (Gibbs & Candès 2021): each level of each target and step rises when an error lies outside
 * of what it now stands for, falls when it lies inside, and errors that have happened join the calibration. What a forecast of step h was worth is learned
 * only when step h has happened.
 *
 * Deviation: an error is judged by the level of now, not by the interval that was given h steps before, to which nothing learned since had come: levels would
 * swing. So errors of a step are held as stated over time, and intervals as far as errors change little within a horizon.
 *
 * @param forecasts of the table's values; every series' origins are taken in order of time
 * @param calibrated stays as it is
 * @returns the same forecasts with intervals
 */
export function adaptiveIntervals(
  table: AnyTable,
  forecasts: Iterable<WindowForecast>,
  calibrated: SplitConformal,
  { scaler, rate = 0.05 }: AdaptiveOptions = {},
): WindowForecast[] {
  const bySeries = groupBySeries(forecasts);
  return [...bySeries.values()].flatMap((own) => adapt(table, own, calibrated.copy(), scaler, rate));
}

function groupBySeries(forecasts: Iterable<WindowForecast>): Map<number, WindowForecast[]> {
  const groups = new Map<number, WindowForecast[]>();
  for (const forecast of forecasts) {
    const group = groups.get(forecast.series);
    if (group === undefined) groups.set(forecast.series, [forecast]);
    else group.push(forecast);
  }
  return groups;
}

/** One series. */
function adapt(
  table: AnyTable,
  forecasts: readonly WindowForecast[],
  conformal: SplitConformal,
  scaler: StandardScaler | undefined,
  rate: number,
): WindowForecast[] {
  const ordered = forecasts.toSorted((a, b) => a.at - b.at);
  const { targets, id } = table.series[ordered[0].series];
  const steps = ordered[0].values[0].length;
  const { levels } = conformal;
  /** [target][step · levels + level] */
  const moved = targets.map(() =>
    Float64Array.from({ length: steps * levels.length }, (_, i) => levels[i % levels.length]),
  );
  /** By step: the first origin whose value of that step was not learned from. */
  const learned = new Int32Array(steps);
  const made: WindowForecast[] = [];
  for (const forecast of ordered) {
    for (let step = 0; step < steps; step++) {
      for (; learned[step] < made.length && made[learned[step]].at + step < forecast.at; learned[step]++) {
        learn(made[learned[step]], step);
      }
    }
    made.push({ ...forecast, intervals: forecast.values.map((values, target) => around(target, values)) });
  }
  return made;

  /** How far an interval reaches to each side, in deviations. */
  function radius(target: number, step: number, level: number): number {
    const asked = Math.min(1, Math.max(0, moved[target][step * levels.length + level]));
    const found = conformal.radius(asked, target, step);
    // no error that is known is large enough for a level near 1
    return Number.isFinite(found) ? found : 2 * conformal.largest(target, step);
  }

  function around(target: number, values: Float64Array) {
    const deviation = scaler?.of(id)?.[target].deviation ?? 1;
    const reach = new Float64Array(steps); // the wider level holds the narrower
    return levels.map((level, k) => {
      for (let step = 0; step < steps; step++) reach[step] = Math.max(reach[step], radius(target, step, k) * deviation);
      return { level, low: values.map((y, i) => y - reach[i]), high: values.map((y, i) => y + reach[i]) };
    });
  }

  function learn({ at, values }: WindowForecast, step: number): void {
    for (const [target, column] of targets.entries()) {
      const standard = scaler?.of(id)?.[target];
      const error = Math.abs(column[at + step] - values[target][step]) / (standard?.deviation ?? 1);
      if (!Number.isFinite(error)) continue;
      for (const [k, level] of levels.entries()) {
        const missed = error > radius(target, step, k) ? 1 : 0;
        moved[target][step * levels.length + k] += rate * (missed - (1 - level));
      }
      conformal.addStep(target, step, column[at + step], values[target][step], standard);
    }
  }
}
