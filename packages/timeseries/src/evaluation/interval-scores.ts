import { seasonalScale } from './point-errors.ts';

type Values = ArrayLike<number>;

/** An interval for every step, and which share of values it should hold. */
export interface Interval {
  /** E.g. 0.95. */
  readonly level: number;
  readonly low: Values;
  readonly high: Values;
}

/** Fraction of the actual values that an interval holds, its ends included; undefined where there is no actual value. */
export function coverage(actual: Values, { low, high }: Interval): number | undefined {
  return mean(actual, (y, i) => (y >= low[i] && y <= high[i] ? 1 : 0));
}

/** Mean width of an interval over the steps that have an actual value. */
export function width(actual: Values, { low, high }: Interval): number | undefined {
  return mean(actual, (_, i) => high[i] - low[i]);
}

/** Width plus 2/α times what lies outside (Gneiting & Raftery 2007), the mean over the steps; α = 1 − level. */
export function intervalScore(actual: Values, { level, low, high }: Interval): number | undefined {
  const penalty = 2 / (1 - level);
  return mean(actual, (y, i) => high[i] - low[i] + penalty * (Math.max(0, low[i] - y) + Math.max(0, y - high[i])));
}

/** Mean scaled interval score (M4): the interval score by the error of the seasonal naive forecast within the history. @returns undefined where `mase` is */
export function msis(
  actual: Values,
  interval: Interval,
  { history, season }: { readonly history: Values; readonly season: number },
): number | undefined {
  const score = intervalScore(actual, interval);
  const scale = seasonalScale(history, season);
  return score === undefined || scale === undefined ? undefined : score / scale;
}

/** Pinball loss: q · (y − ŷ) where too little was said, (1 − q) · (ŷ − y) where too much; the mean over the steps. */
export function quantileLoss(actual: Values, forecast: Values, quantile: number): number | undefined {
  return mean(actual, (y, i) => Math.max(quantile * (y - forecast[i]), (quantile - 1) * (y - forecast[i])));
}

/**
 * Weighted quantile loss: 2 · Σ pinball / Σ |y| over all series and steps, the mean over the quantiles. Times the mean of |y| it is the approximation of
 * the CRPS by these quantiles.
 *
 * @param forecasts for each quantile, for each series its steps
 * @returns undefined where all actual values are 0 or missing
 */
export function weightedQuantileLoss(
  actual: readonly Values[],
  forecasts: readonly { readonly quantile: number; readonly values: readonly Values[] }[],
): number | undefined {
  let size = 0;
  for (const series of actual) {
    for (let i = 0; i < series.length; i++) if (!Number.isNaN(series[i])) size += Math.abs(series[i]);
  }
  if (size === 0 || forecasts.length === 0) return undefined;
  const losses = forecasts.map(({ quantile, values }) => {
    let sum = 0;
    for (const [row, series] of actual.entries()) {
      for (let i = 0; i < series.length; i++) {
        const error = series[i] - values[row][i];
        if (!Number.isNaN(series[i])) sum += Math.max(quantile * error, (quantile - 1) * error);
      }
    }
    return (2 * sum) / size;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function mean(actual: Values, f: (y: number, step: number) => number): number | undefined {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i])) continue;
    sum += f(actual[i], i);
    count++;
  }
  return count === 0 ? undefined : sum / count;
}
