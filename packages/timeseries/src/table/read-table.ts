import { parse } from 'csv-parse/browser/esm/sync';
import { Calendar, type Step } from './calendar.ts';
import { SeriesTable, type SeriesInput } from './series-table.ts';

/** Which columns a table has, and how its rows follow each other. */
export interface TableOptions<Target extends string, Past extends string, Known extends string> {
  readonly targets: readonly Target[];
  /** Columns that are known up to the present only. */
  readonly pastOnly?: readonly Past[];
  /** Columns that are known ahead. Rows at the end that have no target give their future. */
  readonly knownFuture?: readonly Known[];
  /** Columns of one value a series. */
  readonly statics?: readonly string[];
  /** The column that says which series a row belongs to. Default: there is one series. */
  readonly id?: string;
  /** The column of times, `2024-03-31 01:00`. Without it, rows follow each other as they stand. */
  readonly time?: string;
  /** Whose clocks the times are of, where they do not say it themselves. Default UTC. */
  readonly zone?: string;
  /** How far apart rows are; needed with `time`. */
  readonly step?: Step;
  /** What to do about steps without a row: refuse the table, or take their values for missing. They are never closed. Default 'refuse'. */
  readonly gaps?: 'refuse' | 'missing';
}

/** A cell: a number, its digits, or nothing. */
export type Cell = string | number | null | undefined;

/** A longer one is a wrong year rather than missing values. */
const LONGEST_GAP = 1_000_000;
/** Texts that stand for no value. */
const MISSING = new Set(['', 'na', 'nan', 'null', '?']);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * A table of rows, e.g. of a database.
 *
 * @throws if a column is absent or has text where numbers belong, naming the row; times come twice or not in order; steps are missing and `gaps` does not say
 * what to do; or a past-only column goes on after the targets
 *
 * @example
 * ```ts
 * import { tableFromRows } from '@heed/timeseries';
 * const rows = [
 *   { time: '2024-03-31 00:00', load: 51 },
 *   { time: '2024-03-31 01:00', load: 49 },
 *   { time: '2024-03-31 03:00', load: 48 }, // clocks skip two o'clock: no hour is missing
 * ];
 * tableFromRows(rows, { targets: ['load'], time: 'time', zone: 'Europe/Berlin', step: 'hour' }).values; // 3
 * ```
 */
export function tableFromRows<Target extends string, Past extends string = never, Known extends string = never>(
  rows: readonly Readonly<Record<string, Cell>>[],
  options: TableOptions<Target, Past, Known>,
): SeriesTable<'all', Target, Past, Known> {
  const { id, time, step, zone = 'UTC', gaps = 'refuse' } = options;
  if (rows.length === 0) throw new Error('tableFromRows: there must be a row, got none');
  if ((time === undefined) !== (step === undefined)) {
    throw new Error(`tableFromRows: time and step must come together, got time=${time}, step=${JSON.stringify(step)}`);
  }
  const calendar = new Calendar(zone);
  const groups = new Map<string, number[]>();
  rows.forEach((row, at) => {
    const name = id === undefined ? 'series 1' : String(cell(row, id, at));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [at]);
    else group.push(at);
  });
  return SeriesTable.of(
    [...groups].map(([name, members]) => {
      const placed = time === undefined ? { places: [...members.keys()], stamps: undefined } : place(name, members);
      return seriesOf(name, rows, members, placed, options);
    }),
  );

  /** Where each row stands on the regular steps from the first one on. */
  function place(name: string, members: readonly number[]): Placed {
    const stamps: number[] = [];
    const places: number[] = [];
    for (const at of members) {
      const text = cell(rows[at], time!, at);
      const before = stamps.at(-1);
      const stamp = typeof text === 'number' ? text : calendar.instant(String(text), { after: before ?? -Infinity });
      if (before !== undefined) {
        if (stamp <= before) {
          const rule = stamp === before ? 'come once' : 'be in order';
          throw new Error(
            `tableFromRows: times of "${name}" must ${rule}, got ${String(text)} again or late in row ${at + 1}`,
          );
        }
        let expected = calendar.next(before, step!);
        let missing = 0;
        const filled: number[] = [];
        while (expected < stamp) {
          if (++missing > LONGEST_GAP) {
            throw new Error(
              `tableFromRows: a gap must be of at most ${LONGEST_GAP} steps, got more before ${String(text)} of "${name}"`,
            );
          }
          filled.push(expected);
          expected = calendar.next(expected, step!);
        }
        if (expected !== stamp) {
          throw new Error(
            `tableFromRows: times of "${name}" must be ${JSON.stringify(step)} apart, got ${String(text)} in row ${at + 1}`,
          );
        }
        if (missing > 0 && gaps === 'refuse') {
          throw new Error(
            `tableFromRows: no step must be without a row unless gaps is 'missing', got ${missing} before ${String(text)} of "${name}" in row ${at + 1}`,
          );
        }
        stamps.push(...filled);
      }
      places.push(stamps.length);
      stamps.push(stamp);
    }
    return { places, stamps };
  }
}

/**
 * A table of comma-separated values with a header.
 *
 * @throws as `tableFromRows`, and if a row has other fields than the header
 */
export function tableFromCsv<Target extends string, Past extends string = never, Known extends string = never>(
  text: string,
  options: TableOptions<Target, Past, Known> & { readonly delimiter?: string },
): SeriesTable<'all', Target, Past, Known> {
  const { delimiter = ',' } = options;
  return tableFromRows(parseCsv(text, delimiter), options);
}

function parseCsv(text: string, delimiter: string): Record<string, string>[] {
  try {
    const [header, ...rows] = parse(text, { bom: true, delimiter, skip_empty_lines: true }) as string[][];
    return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
  } catch (error) {
    throw new Error(`tableFromCsv: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

interface Placed {
  readonly places: readonly number[];
  readonly stamps: readonly number[] | undefined;
}

function seriesOf<Target extends string, Past extends string, Known extends string>(
  id: string,
  rows: readonly Readonly<Record<string, Cell>>[],
  members: readonly number[],
  { places, stamps }: Placed,
  options: TableOptions<Target, Past, Known>,
): SeriesInput<Target, Past, Known> & { readonly id: string } {
  const { targets, pastOnly = [], knownFuture = [], statics = [] } = options;
  const steps = (places.at(-1) ?? -1) + 1;
  const column = (name: string) => {
    const values = new Float64Array(steps).fill(NaN);
    members.forEach((at, i) => {
      values[places[i]] = numberOf(cell(rows[at], name, at), name, at);
    });
    return values;
  };
  const read = <N extends string>(names: readonly N[]) =>
    Object.fromEntries(names.map((name) => [name, column(name)])) as Record<N, Float64Array>;
  const values = read(targets);
  const known = read(knownFuture);
  // rows at the end without any target are the future of the known-future columns
  let length = steps;
  if (knownFuture.length > 0) {
    while (length > 0 && targets.every((name) => Number.isNaN(values[name][length - 1]))) length--;
  }
  if (length === 0) throw new Error(`tableFromRows: a series must have a value, got none in "${id}"`);
  const upTo = <N extends string>(columns: Record<N, Float64Array>) =>
    Object.fromEntries(
      Object.entries<Float64Array>(columns).map(([name, all]) => [name, all.subarray(0, length)]),
    ) as Record<N, Float64Array>;
  const past = read(pastOnly);
  for (const name of pastOnly) {
    if (past[name].subarray(length).some((value) => !Number.isNaN(value))) {
      throw new Error(`tableFromRows: past-only ${name} of "${id}" must end with the targets, got values after them`);
    }
  }
  return {
    id,
    targets: upTo(values),
    pastOnly: upTo(past),
    knownFuture: Object.fromEntries(
      knownFuture.map((name) => [name, known[name].subarray(0, knownUntil(known[name], length))]),
    ) as Record<Known, Float64Array>,
    statics: Object.fromEntries(
      statics.map((name) => {
        const found = new Set(members.map((at) => cell(rows[at], name, at)));
        if (found.size > 1)
          throw new Error(`tableFromRows: static ${name} of "${id}" must have one value, got ${found.size}`);
        return [name, [...found][0] ?? ''];
      }),
    ),
    ...(stamps && { stamps: stamps.slice(0, length) }),
  };
}

/** A column that ends early ends with its last value, but not before the targets do. */
function knownUntil(values: Float64Array, length: number): number {
  let end = values.length;
  while (end > length && Number.isNaN(values[end - 1])) end--;
  return end;
}

function cell(row: Readonly<Record<string, Cell>>, name: string, at: number): Cell {
  if (Object.hasOwn(row, name)) return row[name];
  throw new Error(
    `tableFromRows: every row must have the column ${name}, got [${Object.keys(row).join(', ')}] in row ${at + 1}`,
  );
}

function numberOf(value: Cell, name: string, at: number): number {
  if (typeof value === 'number') {
    if (value === Infinity || value === -Infinity) {
      throw new Error(`tableFromRows: ${name} must be finite, got ${value} in row ${at + 1}`);
    }
    return value;
  }
  const text = (value ?? '').trim();
  if (MISSING.has(text.toLowerCase())) return NaN;
  const number = Number(text);
  if (NUMBER.test(text) && Number.isFinite(number)) return number;
  throw new Error(`tableFromRows: ${name} must have numbers, got ${JSON.stringify(value)} in row ${at + 1}`);
}
