import { requireIntegers } from '@heed/attention-core';
import { lengthOf, type AnyTable } from './series-table.ts';

/** A place from which a series is forecast. */
export interface Origin {
  /** Index of the series in its table. */
  readonly series: number;
  /** The first step that is forecast: those before it are known. */
  readonly at: number;
}

/**
 * All origins of a table's part: what is forecast lies in the part, what is looked back at may lie before it. The last window counts like the first.
 *
 * @param options `stride`: steps from one origin to the next. Default 1
 * @throws if a size is out of range
 *
 * @example
 * ```ts
 * import { originsOf, SeriesTable } from '@heed/timeseries';
 * const { test } = SeriesTable.of([{ targets: { y: [1, 2, 3, 4, 5, 6, 7] } }]).split({ validation: 0, test: 3 });
 * originsOf(test, { lookBack: 2, horizon: 2 }).map(({ at }) => at); // [4, 5]
 * ```
 */
export function originsOf(
  table: AnyTable,
  options: { readonly lookBack: number; readonly horizon: number; readonly stride?: number },
): Origin[] {
  const { lookBack, horizon, stride = 1 } = options;
  requireIntegers('originsOf', { lookBack, horizon, stride });
  return table.series.flatMap((series, index) => {
    const first = Math.max(series.from, lookBack);
    const count = Math.max(0, Math.floor((lengthOf(series) - horizon - first) / stride) + 1);
    return Array.from({ length: count }, (_, i) => ({ series: index, at: first + i * stride }));
  });
}
