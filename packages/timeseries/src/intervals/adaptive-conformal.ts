import type { WindowForecast } from '../evaluation/score-forecasts.ts';
import type { StandardScaler } from '../scaling/standard-scaler.ts';
import type { AnyTable } from '../table/series-table.ts';
import type { SplitConformal } from './split-conformal.ts';

export interface AdaptiveOptions {
  readonly scaler?: StandardScaler;
  /**
   * How much a level moves when an interval missed: the share that is held over T origins is at most about 1 / (rate · T) off (Gibbs & Candès 2021,
   * proposition 4.1), and far steps, whose errors are known late, swing if it is large. Default 0.005, theirs.
   */
  readonly rate?: number;
}

/**
 * Intervals for rolling use (adaptive conformal inference, Gibbs & Candès 2021): each level of each target and step rises when an interval missed, falls when
 * it held, and errors that have happened join the calibration. What a forecast of step h was worth is learned only when step h has happened.
 *
 * @param forecasts of the table's values; every series' origins are taken in order of time
 * @param calibrated stays as it is
 * @returns the same forecasts with intervals
 */
export function adaptiveIntervals(
  table: AnyTable,
  forecasts: Iterable<WindowForecast>,
  calibrated: SplitConformal,
  { scaler, rate = 0.005 }: AdaptiveOptions = {},
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
  const made: (WindowForecast & Required<Pick<WindowForecast, 'intervals'>>)[] = [];
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

  function learn({ at, values, intervals }: (typeof made)[number], step: number): void {
    for (const [target, column] of targets.entries()) {
      const actual = column[at + step];
      if (Number.isNaN(actual)) continue;
      for (const [k, level] of levels.entries()) {
        const { low, high } = intervals[target][k];
        const missed = actual < low[step] || actual > high[step] ? 1 : 0;
        moved[target][step * levels.length + k] += rate * (missed - (1 - level)); // beyond 0 and 1 too, or it would forget
      }
      conformal.addStep(target, step, actual, values[target][step], scaler?.of(id)?.[target]);
    }
  }
}
