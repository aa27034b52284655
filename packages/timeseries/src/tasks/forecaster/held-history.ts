import { concatenate } from '../../table/concatenate.ts';
import { lengthOf, SeriesTable, type AnyTable, type Series } from '../../table/series-table.ts';
import type { ColumnNames } from './architectures.ts';

/** The end of a series: what the next forecast looks at. Known-future columns go on after it. */
export function endOf(series: Series, steps: number): Series {
  const from = Math.max(0, lengthOf(series) - steps);
  const cut = (columns: Readonly<Record<string, Float64Array>>) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(from)]));
  return {
    ...series,
    targets: series.targets.map((values) => values.slice(from)),
    pastOnly: cut(series.pastOnly),
    knownFuture: cut(series.knownFuture),
    ...(series.stamps && { stamps: series.stamps.slice(from) }),
    from: 0,
  };
}

/**
 * A series with the rows that came since.
 *
 * @throws if they do not follow: a stamp is not after the last, or further from it than any two were
 */
export function joined(old: Series, rows: Series): Series {
  requireFollowing(old, rows);
  const length = lengthOf(old);
  const byName = (of: (name: string) => Float64Array, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, of(name)]));
  return {
    ...old,
    targets: old.targets.map((values, i) => concatenate(values, rows.targets[i])),
    pastOnly: byName((name) => concatenate(old.pastOnly[name], rows.pastOnly[name]), Object.keys(old.pastOnly)),
    // what was known ahead is now past, and said again by the rows
    knownFuture: byName(
      (name) => concatenate(old.knownFuture[name].subarray(0, length), rows.knownFuture[name]),
      Object.keys(old.knownFuture),
    ),
    ...(old.stamps && rows.stamps && { stamps: concatenate(old.stamps, rows.stamps) }),
  };
}

/** Windows whose horizon was not over before the rows came, and is now. */
export function completedWindows(
  before: ReadonlyMap<string, Series>,
  after: ReadonlyMap<string, Series>,
  needed: number,
  horizon: number,
): { readonly series: Series; readonly at: number }[] {
  return [...after].flatMap(([id, series]) => {
    const first = Math.max(needed, lengthOf(before.get(id)!) - horizon + 1);
    const count = Math.max(0, lengthOf(series) - horizon - first + 1);
    return Array.from({ length: count }, (_, i) => ({ series, at: first + i }));
  });
}

function requireFollowing({ id, stamps: before }: Series, { stamps: after }: Series): void {
  if ((before === undefined) !== (after === undefined)) {
    throw new Error(
      `Forecaster.update: rows of "${id}" must have stamps as its history has, got ${after ? 'some' : 'none'}`,
    );
  }
  if (before === undefined || after === undefined) return;
  const gap = after[0] - before.at(-1)!;
  const widest = before.reduce((most, stamp, i) => (i === 0 ? 0 : Math.max(most, stamp - before[i - 1])), 0);
  if (gap > 0 && (before.length < 2 || gap <= widest)) return;
  throw new Error(
    `Forecaster.update: rows of "${id}" must follow its history without a gap, got ${new Date(after[0]).toISOString()} after ${new Date(before.at(-1)!).toISOString()}`,
  );
}

/** Series as text. Numbers of JSON are exact; missing ones are null. */
export function writeHistory(series: readonly Series[]): string {
  return JSON.stringify(
    series.map(({ id, targets, pastOnly, knownFuture, statics, stamps }) => ({
      id,
      targets: targets.map((values) => [...values]),
      pastOnly: lists(pastOnly),
      knownFuture: lists(knownFuture),
      statics,
      ...(stamps && { stamps: [...stamps] }),
    })),
  );
}

/** @throws if it is not what `writeHistory` wrote for these columns */
export function readHistory(text: string, { targets, pastOnly, knownFuture }: ColumnNames): readonly Series[] {
  const saved = JSON.parse(text) as SavedSeries[];
  const column = (values: readonly (number | null)[]) => values.map((value) => value ?? NaN);
  const named = (names: readonly string[], of: (name: string, i: number) => readonly (number | null)[]) =>
    Object.fromEntries(names.map((name, i) => [name, column(of(name, i))]));
  const table: AnyTable = SeriesTable.of(
    saved.map((one) => ({
      id: one.id,
      targets: named(targets, (_, i) => one.targets[i]),
      pastOnly: named(pastOnly, (name) => one.pastOnly[name]),
      knownFuture: named(knownFuture, (name) => one.knownFuture[name]),
      statics: one.statics,
      ...(one.stamps && { stamps: one.stamps }),
    })),
  );
  return table.series;
}

interface SavedSeries {
  readonly id: string;
  readonly targets: readonly (readonly (number | null)[])[];
  readonly pastOnly: Readonly<Record<string, readonly (number | null)[]>>;
  readonly knownFuture: Readonly<Record<string, readonly (number | null)[]>>;
  readonly statics: Readonly<Record<string, string | number>>;
  readonly stamps?: readonly number[];
}

function lists(columns: Readonly<Record<string, Float64Array>>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, [...values]]));
}
