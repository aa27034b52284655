import { errorsNeeded } from '../../intervals/split-conformal.ts';
import { standardOf, type Standard } from '../../scaling/standard-scaler.ts';
import { lengthOf, type AnyTable } from '../../table/series-table.ts';
import type { ForecasterConfig } from './forecaster-config.ts';

/**
 * What is trained on and what intervals are calibrated on: as given, or the end of every series kept for the latter.
 *
 * @throws if a series is too short to be trained on, there are too few windows for the levels, the architecture does not read a column, or the validation is of
 * other series
 */
export function trainingParts(
  table: AnyTable<'all' | 'training'>,
  given: AnyTable<'validation'> | undefined,
  config: ForecasterConfig,
): { training: AnyTable<'all' | 'training'>; validation: AnyTable<'validation'> } {
  const { architecture, lookBack, horizon, levels } = config;
  const unread = [...table.pastOnly, ...table.knownFuture];
  if (architecture !== 'itransformer' && unread.length > 0) {
    throw new Error(
      `Forecaster.fit: ${architecture} reads targets alone, got [${unread.join(', ')}], which itransformer reads`,
    );
  }
  const needed = Math.max(...levels.map(errorsNeeded));
  const shortest = Math.min(...table.series.map(lengthOf));
  const size = Math.max(Math.floor(shortest / 5), horizon + Math.ceil(needed / table.series.length) - 1);
  const least = lookBack + horizon + (given === undefined ? size : 0);
  const short = table.series.find((series) => lengthOf(series) < least);
  if (short !== undefined) {
    const parts = given === undefined ? `, and ${size} for validation` : '';
    throw new Error(
      `Forecaster.fit: a series must have lookBack=${lookBack} and horizon=${horizon} steps${parts}, got ${lengthOf(short)} in "${short.id}"`,
    );
  }
  if (given === undefined) {
    const { training, validation } = table.split({ validation: size, test: 0 });
    return { training, validation };
  }
  if (given.series.map(({ id }) => id).join('\n') !== table.series.map(({ id }) => id).join('\n')) {
    throw new Error(`Forecaster.fit: validation must be of the same series, got ${given.series.length} others`);
  }
  const windows = given.series.reduce(
    (sum, series) => sum + Math.max(0, lengthOf(series) - horizon - Math.max(series.from, lookBack) + 1),
    0,
  );
  if (windows < needed) {
    throw new Error(
      `Forecaster.fit: intervals of ${levels.join(', ')} need ${needed} windows of validation, got ${windows}`,
    );
  }
  return { training: table, validation: given };
}

/** Mean and deviation of every past-only and known-future column over all series of the training. */
export function columnScales(table: AnyTable): Record<string, Standard> {
  const of = (values: readonly Float64Array[]) =>
    standardOf(Float64Array.from(values.flatMap((column) => [...column]))) ?? { mean: 0, deviation: 1 };
  return Object.fromEntries([
    ...table.pastOnly.map((name) => [name, of(table.series.map(({ pastOnly }) => pastOnly[name]))] as const),
    // of the time of training alone, though they are known for longer
    ...table.knownFuture.map(
      (name) =>
        [name, of(table.series.map((series) => series.knownFuture[name].subarray(0, lengthOf(series))))] as const,
    ),
  ]);
}

/** All numbers of a table, for its fingerprint. */
export function* numbersOf({ series }: AnyTable): Generator<number> {
  for (const { targets, pastOnly, knownFuture } of series) {
    for (const values of [...targets, ...Object.values(pastOnly), ...Object.values(knownFuture)]) yield* values;
  }
}
