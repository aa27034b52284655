import { requireIntegers } from '@heed/attention-core';
import { concatenate } from './concatenate.ts';

/**
 * What a table is for. Each is a type of its own: a scaler is not fitted on what is to be forecast, and intervals are not calibrated on what a model was
 * trained on, since neither compiles.
 */
export type Part = 'all' | 'training' | 'validation' | 'test';

/** One series as a table holds it. Missing values are NaN. */
export interface Series<Past extends string = string, Known extends string = string> {
  readonly id: string;
  /** What is forecast, in the order of the table's `targets`; all of one length. */
  readonly targets: readonly Float64Array[];
  /** Known up to now only: as long as the targets. */
  readonly pastOnly: Readonly<Record<Past, Float64Array>>;
  /** Known ahead (holidays, prices): may go on after the targets. */
  readonly knownFuture: Readonly<Record<Known, Float64Array>>;
  readonly statics: Readonly<Record<string, string | number>>;
  /** When, in milliseconds since 1970; they never become a model's input. */
  readonly stamps?: Float64Array;
  /** Steps before it are context: the table's part begins here. */
  readonly from: number;
}

/** What `SeriesTable.of` takes. */
export interface SeriesInput<Target extends string, Past extends string, Known extends string> {
  readonly id?: string;
  readonly targets: Readonly<Record<Target, ArrayLike<number>>>;
  readonly pastOnly?: Readonly<Record<Past, ArrayLike<number>>>;
  readonly knownFuture?: Readonly<Record<Known, ArrayLike<number>>>;
  readonly statics?: Readonly<Record<string, string | number>>;
  readonly stamps?: ArrayLike<number>;
}

/** Number of steps that a series has values for. */
export function lengthOf({ targets }: Pick<Series, 'targets'>): number {
  return targets[0].length;
}

/**
 * Series of any lengths with the same columns: targets, which are forecast; past-only columns, which are known up to the present; known-future columns,
 * which are known ahead; and statics, one value a series. Missing values are NaN and stay so; infinite ones are refused.
 *
 * @example
 * ```ts
 * import { SeriesTable } from '@heed/timeseries';
 * const table = SeriesTable.of([
 *   { id: 'Berlin', targets: { rentals: [12, 15, 11] }, pastOnly: { visits: [90, 99, 85] }, knownFuture: { holiday: [0, 0, 1, 0] } },
 * ]);
 * table.knownFuture; // ['holiday'], known for one day more
 * ```
 */
export class SeriesTable<
  P extends Part = 'all',
  Target extends string = string,
  Past extends string = never,
  Known extends string = never,
> {
  private constructor(
    readonly part: P,
    readonly targets: readonly Target[],
    readonly pastOnly: readonly Past[],
    readonly knownFuture: readonly Known[],
    readonly series: readonly Series<Past, Known>[],
  ) {}

  /**
   * @throws if columns differ between series or in length, an id comes twice, a value is infinite, or stamps are not in order, each once
   */
  static of<Target extends string, Past extends string = never, Known extends string = never>(
    inputs: readonly SeriesInput<Target, Past, Known>[],
  ): SeriesTable<'all', Target, Past, Known> {
    const [first] = inputs;
    if (first === undefined) throw new Error('SeriesTable: there must be a series, got none');
    const names = <N extends string>(columns: Readonly<Record<N, unknown>> | undefined) =>
      Object.keys(columns ?? {}) as N[];
    const targets = names(first.targets);
    const pastOnly = names(first.pastOnly);
    const knownFuture = names(first.knownFuture);
    if (targets.length === 0) throw new Error('SeriesTable: there must be a target, got none');
    const all = [...targets, ...pastOnly, ...knownFuture];
    const twice = all.find((name, i) => all.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`SeriesTable: a column must be of one kind, got ${twice} twice`);
    const ids = new Set<string>();
    const series = inputs.map((input, index): Series<Past, Known> => {
      const id = input.id ?? `series ${index + 1}`;
      if (ids.has(id)) throw new Error(`SeriesTable: every id must be given once, got "${id}" twice`);
      ids.add(id);
      const read = <N extends string>(
        kind: string,
        wanted: readonly N[],
        columns?: Readonly<Record<N, ArrayLike<number>>>,
      ) => {
        const found = names(columns);
        if (found.length !== wanted.length || wanted.some((name) => !found.includes(name))) {
          throw new Error(`SeriesTable: ${kind} of "${id}" must be [${wanted.join(', ')}], got [${found.join(', ')}]`);
        }
        return wanted.map((name) => numbers(columns![name], `${name} of "${id}"`));
      };
      const columns = read('targets', targets, input.targets);
      const length = columns[0].length;
      if (length === 0) throw new Error(`SeriesTable: a series must have a value, got none in "${id}"`);
      const past = read('past-only columns', pastOnly, input.pastOnly);
      const known = read('known-future columns', knownFuture, input.knownFuture);
      const requireLength = (name: string, actual: number, fits: boolean, rule: string) => {
        if (!fits) throw new Error(`SeriesTable: ${name} of "${id}" must have ${rule} ${length} values, got ${actual}`);
      };
      columns.forEach((values, i) => requireLength(targets[i], values.length, values.length === length, 'exactly'));
      past.forEach((values, i) => requireLength(pastOnly[i], values.length, values.length === length, 'exactly'));
      known.forEach((values, i) => requireLength(knownFuture[i], values.length, values.length >= length, 'at least'));
      const { stamps, statics = {} } = input;
      if (stamps !== undefined) {
        requireLength('stamps', stamps.length, stamps.length === length, 'exactly');
        requireOrder(stamps, id);
      }
      return {
        id,
        targets: columns,
        pastOnly: byName(pastOnly, past),
        knownFuture: byName(knownFuture, known),
        statics,
        ...(stamps && { stamps: Float64Array.from(stamps) }),
        from: 0,
      };
    });
    return new SeriesTable('all', targets, pastOnly, knownFuture, series);
  }

  /** Values of all targets. */
  get values(): number {
    return this.series.reduce((sum, series) => sum + series.targets.length * lengthOf(series), 0);
  }

  /**
   * Cuts every series in time: what comes first is for training, then validation, then the test. A part sees the steps before it, as context of its
   * forecasts, and none after it.
   *
   * @param sizes number of steps for validation and test; of training, all before them unless `training` says how many
   * @throws if a series has not so many steps
   */
  split(sizes: { readonly training?: number; readonly validation: number; readonly test: number }): {
    readonly training: SeriesTable<'training', Target, Past, Known>;
    readonly validation: SeriesTable<'validation', Target, Past, Known>;
    readonly test: SeriesTable<'test', Target, Past, Known>;
  } {
    requireIntegers('SeriesTable.split', sizes, 0);
    const { validation, test } = sizes;
    const bounds = this.series.map((series) => {
      const length = lengthOf(series);
      const training = sizes.training ?? length - validation - test;
      if (training < 1 || training + validation + test > length) {
        throw new Error(
          `SeriesTable.split: a series must have steps for training, validation=${validation} and test=${test}, got ${length} in "${series.id}"`,
        );
      }
      return [0, training, training + validation, training + validation + test];
    });
    const cut = <Q extends Part>(part: Q, index: number) =>
      new SeriesTable(
        part,
        this.targets,
        this.pastOnly,
        this.knownFuture,
        this.series.map((series, i) => cutSeries(series, bounds[i][index], bounds[i][index + 1])),
      );
    return { training: cut('training', 0), validation: cut('validation', 1), test: cut('test', 2) };
  }

  /**
   * The same table with what is known ahead: values of known-future columns from the last step of the targets on. A past-only column has none, and does not
   * compile.
   *
   * @param future by series, by column
   * @throws if a series or column is not there
   *
   * @example
   * ```ts
   * import { SeriesTable } from '@heed/timeseries';
   * const table = SeriesTable.of([{ id: 'Berlin', targets: { rentals: [12, 15] }, knownFuture: { holiday: [0, 0] } }]);
   * table.withFuture({ Berlin: { holiday: [1, 0] } }).series[0].knownFuture.holiday; // 0, 0, 1, 0
   * ```
   */
  withFuture(
    future: Readonly<Record<string, Readonly<Partial<Record<Known, ArrayLike<number>>>>>>,
  ): SeriesTable<P, Target, Past, Known> {
    const unknown = Object.keys(future).find((id) => !this.series.some((series) => series.id === id));
    if (unknown !== undefined) throw new Error(`SeriesTable.withFuture: a series must be there, got "${unknown}"`);
    const series = this.series.map((one) => {
      const columns = Object.entries<ArrayLike<number> | undefined>(
        Object.hasOwn(future, one.id) ? future[one.id] : {},
      );
      const known: Record<string, Float64Array> = { ...one.knownFuture };
      for (const [name, values] of columns) {
        if (!Object.hasOwn(known, name)) {
          throw new Error(`SeriesTable.withFuture: a column must be known-future, got ${name} of "${one.id}"`);
        }
        const ahead = numbers(values ?? [], `${name} of "${one.id}"`);
        known[name] = concatenate(known[name].subarray(0, lengthOf(one)), ahead);
      }
      return { ...one, knownFuture: known as Record<Known, Float64Array> };
    });
    return new SeriesTable(this.part, this.targets, this.pastOnly, this.knownFuture, series);
  }
}

/** A series without what comes after a step. Known-future columns keep what is known ahead. */
function cutSeries<Past extends string, Known extends string>(
  series: Series<Past, Known>,
  from: number,
  to: number,
): Series<Past, Known> {
  const names = Object.keys(series.pastOnly) as Past[];
  return {
    ...series,
    targets: series.targets.map((values) => values.subarray(0, to)),
    pastOnly: byName(
      names,
      names.map((name) => series.pastOnly[name].subarray(0, to)),
    ),
    ...(series.stamps && { stamps: series.stamps.subarray(0, to) }),
    from,
  };
}

function byName<N extends string>(names: readonly N[], columns: readonly Float64Array[]): Record<N, Float64Array> {
  return Object.fromEntries(names.map((name, i) => [name, columns[i]])) as Record<N, Float64Array>;
}

function numbers(values: ArrayLike<number>, what: string): Float64Array {
  return Float64Array.from(values, (value, step) => {
    if (typeof value !== 'number' || value === Infinity || value === -Infinity) {
      throw new Error(
        `SeriesTable: values must be finite numbers, or NaN where one is missing, got ${typeof value === 'string' ? JSON.stringify(value) : String(value)} in ${what}, step ${step}`,
      );
    }
    return value;
  });
}

function requireOrder(stamps: ArrayLike<number>, id: string): void {
  for (let i = 0; i < stamps.length; i++) {
    if (!Number.isFinite(stamps[i])) throw new Error(`SeriesTable: stamps must be finite, got ${stamps[i]} in "${id}"`);
    if (i === 0 || stamps[i] > stamps[i - 1]) continue;
    const rule = stamps[i] === stamps[i - 1] ? 'each once' : 'in order';
    throw new Error(
      `SeriesTable: stamps must come ${rule}, got ${new Date(stamps[i]).toISOString()} after ${new Date(stamps[i - 1]).toISOString()} in "${id}"`,
    );
  }
}

/** A table of any columns. */
export type AnyTable<P extends Part = Part> = SeriesTable<P, string, string, string>;
