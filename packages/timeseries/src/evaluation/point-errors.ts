import { requireIntegers } from '@heed/attention-core';

/** Of |y| + |ŷ| ('m4', also called adjusted) or of y + ŷ ('m3'): they differ where a value is negative. */
export type SmapeVariant = 'm4' | 'm3';

type Values = ArrayLike<number>;

/** Mean of f over the steps that have an actual value; undefined where none has. */
function meanOf(actual: Values, forecast: Values, f: (y: number, predicted: number) => number): number | undefined {
  requireSameLength(actual, forecast);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i])) continue;
    sum += f(actual[i], forecast[i]);
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

function requireSameLength(actual: Values, forecast: Values): void {
  if (actual.length === forecast.length) return;
  throw new Error(
    `forecast errors: forecast must have as many steps as actual, got ${forecast.length}, ${actual.length}`,
  );
}

/** Mean squared error; undefined where no step has an actual value. */
export function mse(actual: Values, forecast: Values): number | undefined {
  return meanOf(actual, forecast, (y, predicted) => (y - predicted) ** 2);
}

/** Mean absolute error; undefined where no step has an actual value. */
export function mae(actual: Values, forecast: Values): number | undefined {
  return meanOf(actual, forecast, (y, predicted) => Math.abs(y - predicted));
}

/**
 * Symmetric mean absolute percentage error: mean of 200 · |y − ŷ| / (|y| + |ŷ|), 0 where both are 0.
 *
 * @param variant which of its formulas
 */
export function smape(actual: Values, forecast: Values, variant: SmapeVariant): number | undefined {
  return meanOf(actual, forecast, (y, predicted) => {
    const size = variant === 'm4' ? Math.abs(y) + Math.abs(predicted) : y + predicted;
    return y === predicted ? 0 : (200 * Math.abs(y - predicted)) / size;
  });
}

/**
 * The mean error of forecasting each value of a history by the one a season before: what scaled errors are divided by.
 *
 * @param power 1 for MASE and MSIS, 2 for RMSSE
 * @returns undefined where there is no pair of values, or none that differ: a scaled error is then not defined
 */
export function seasonalScale(history: Values, season: number, power: 1 | 2 = 1): number | undefined {
  requireIntegers('seasonalScale', { season });
  let sum = 0;
  let count = 0;
  for (let i = season; i < history.length; i++) {
    const difference = Math.abs(history[i] - history[i - season]);
    if (Number.isNaN(difference)) continue;
    sum += difference ** power;
    count++;
  }
  return sum > 0 ? sum / count : undefined;
}

/**
 * Mean absolute scaled error (Hyndman & Koehler 2006): that of the forecast by that of the seasonal naive one within the history.
 *
 * @returns undefined where the history's seasonal differences are all 0
 *
 * @example
 * ```ts
 * import { mase } from '@heed/timeseries';
 * mase([6, 8], [5, 5], { history: [1, 2, 3, 4], season: 1 }); // (1 + 3) / 2 / 1 = 2
 * mase([6, 8], [5, 5], { history: [4, 4, 4, 4], season: 1 }); // undefined
 * ```
 */
export function mase(
  actual: Values,
  forecast: Values,
  { history, season }: { readonly history: Values; readonly season: number },
): number | undefined {
  const error = mae(actual, forecast);
  const scale = seasonalScale(history, season);
  return error === undefined || scale === undefined ? undefined : error / scale;
}

/** Root mean squared scaled error (M5). @returns undefined where `mase` is */
export function rmsse(
  actual: Values,
  forecast: Values,
  { history, season }: { readonly history: Values; readonly season: number },
): number | undefined {
  const error = mse(actual, forecast);
  const scale = seasonalScale(history, season, 2);
  return error === undefined || scale === undefined ? undefined : Math.sqrt(error / scale);
}
