import { lengthOf, type AnyTable } from '../table/series-table.ts';

/** Mean and deviation of one target of one series. */
export interface Standard {
  readonly mean: number;
  /** Population standard deviation; 1 where all values are equal. */
  readonly deviation: number;
}

/**
 * z = (x − mean) / deviation of every target of every series, in float64: values around 10⁹ that differ by 1 keep their difference.
 *
 * It is fitted on training rows: those of validation and test do not compile.
 *
 * @example
 * ```ts
 * import { SeriesTable, StandardScaler } from '@heed/timeseries';
 * const { training } = SeriesTable.of([{ id: 'a', targets: { y: [1, 3, 900] } }]).split({ validation: 0, test: 1 });
 * StandardScaler.fit(training).of('a')![0]; // { mean: 2, deviation: 1 }
 * ```
 */
export class StandardScaler {
  private constructor(private readonly standards: ReadonlyMap<string, readonly Standard[]>) {}

  /** @throws if a target has no value at all */
  static fit(table: AnyTable<'training' | 'all'>): StandardScaler {
    return new StandardScaler(
      new Map(
        table.series.map((series) => [
          series.id,
          series.targets.map((values, target) => {
            const standard = standardOf(values);
            if (standard !== undefined) return standard;
            const what = `${table.targets[target]} of "${series.id}"`;
            throw new Error(
              `StandardScaler: a target must have a value, got ${lengthOf(series)} missing ones in ${what}`,
            );
          }),
        ]),
      ),
    );
  }

  /** From what `state` gave. */
  static restore(state: Readonly<Record<string, readonly Standard[]>>): StandardScaler {
    return new StandardScaler(new Map(Object.entries(state)));
  }

  state(): Record<string, readonly Standard[]> {
    return Object.fromEntries(this.standards);
  }

  /** Of a series' targets; undefined where the series was not there. */
  of(id: string): readonly Standard[] | undefined {
    return this.standards.get(id);
  }
}

/** Of all values but missing ones; undefined where there is none. */
export function standardOf(values: Float64Array): Standard | undefined {
  const present = values.filter((value) => !Number.isNaN(value));
  if (present.length === 0) return undefined;
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  const deviation = Math.sqrt(present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / present.length);
  return { mean, deviation: deviation > 0 ? deviation : 1 };
}
