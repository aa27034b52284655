import type { HostArray } from '@heed/training';
import { windowStatistics } from '../../scaling/window-normalisation.ts';
import { standardOf, type Standard, type StandardScaler } from '../../scaling/standard-scaler.ts';
import { lengthOf, type AnyTable, type Series } from '../../table/series-table.ts';
import type { Origin } from '../../table/windows.ts';
import { NORMALISATION, type ColumnNames } from './architectures.ts';
import type { ForecasterConfig } from './forecaster-config.ts';

/** A series, and the first step that is forecast of it. */
export interface Window {
  readonly series: Series;
  readonly at: number;
}

type Block = HostArray<readonly [number, number, number]>;

/** What a model looks at; columns that there are none of are absent. */
export type InputBatch = {
  /** [B, C, T] */
  readonly past: Block;
  /** [B, P, T] */
  readonly pastOnly?: Block;
  /** [B, K, T + H] */
  readonly knownFuture?: Block;
};

/** What a training step sees. */
export type TrainingBatch = InputBatch & {
  /** [B, C, H]: normalised by their window; 0 where they are missing. */
  readonly targets: Block;
  /** [B, C, H]: how much a normalised unit is of a standardised one; 0 where the target is missing. */
  readonly weights: Block;
};

/** What a forecaster has learned of the numbers that it reads. */
export interface Scales {
  readonly scaler: StandardScaler;
  /** Of past-only and known-future columns, over all series. */
  readonly columns: Readonly<Record<string, Standard>>;
}

/** Makes windows of series the inputs of a model: standardised and normalised in float64, then float32. */
export class WindowReader {
  constructor(
    private readonly config: ForecasterConfig,
    private readonly names: ColumnNames,
    private readonly scales: Scales,
  ) {}

  /** @throws if a window is not whole, naming the series */
  check({ series, at }: Window, owner: string): void {
    const { lookBack, horizon, season, baseline } = this.config;
    const { id } = series;
    const needed = Math.max(lookBack, baseline === 'seasonal-naive' ? season : 1);
    if (at < needed)
      throw new Error(
        `${owner}: a history must have lookBack=${lookBack} steps and a season of ${season}, got ${at} in "${id}"`,
      );
    for (const name of this.names.knownFuture) {
      const known = series.knownFuture[name]?.length ?? 0;
      if (known < at + horizon) {
        throw new Error(
          `${owner}: known-future ${name} of "${id}" must reach ${horizon} steps ahead, got ${Math.max(0, known - at)}`,
        );
      }
    }
    for (const [target, name] of this.names.targets.entries()) {
      const window = series.targets[target].subarray(at - lookBack, at);
      if (window.every(Number.isNaN)) {
        throw new Error(
          `${owner}: a look-back of ${lookBack} steps must have a value, got none of ${name} of "${id}" before step ${at}`,
        );
      }
    }
  }

  /** Whether a target has a value to look back at and one to learn from. */
  isUseful({ series, at }: Window): boolean {
    const { lookBack, horizon } = this.config;
    return series.targets.every(
      (values) =>
        values.subarray(at - lookBack, at).some((value) => !Number.isNaN(value)) &&
        values.subarray(at, at + horizon).some((value) => !Number.isNaN(value)),
    );
  }

  /** @throws unless missing values are carried, or there are none */
  requireWhole(series: readonly Series[], owner: string): void {
    if (this.config.missing === 'carry') return;
    for (const { id, targets, pastOnly, knownFuture } of series) {
      const columns = [
        ...targets.map((values, i) => [this.names.targets[i], values] as const),
        ...Object.entries(pastOnly),
        ...Object.entries(knownFuture),
      ];
      for (const [name, values] of columns) {
        const step = values.findIndex(Number.isNaN);
        if (step >= 0)
          throw new Error(
            `${owner}: no value may be missing unless missing is 'carry', got none of ${name} of "${id}" at step ${step}`,
          );
      }
    }
  }

  inputs(windows: readonly Window[]): InputBatch {
    const { targets, pastOnly, knownFuture } = this.names;
    const { lookBack, horizon } = this.config;
    return {
      past: block(windows, targets.length, lookBack, (window, target, write) => {
        const { values, centre, scale } = this.look(window, target);
        for (let step = 0; step < lookBack; step++) write(step, (values[step] - centre) / scale);
      }),
      ...(pastOnly.length > 0 && {
        pastOnly: block(windows, pastOnly.length, lookBack, ({ series, at }, i, write) =>
          this.column(pastOnly[i], series.pastOnly[pastOnly[i]].subarray(at - lookBack, at)).forEach((z, t) =>
            write(t, z),
          ),
        ),
      }),
      ...(knownFuture.length > 0 && {
        knownFuture: block(windows, knownFuture.length, lookBack + horizon, ({ series, at }, i, write) =>
          this.column(knownFuture[i], series.knownFuture[knownFuture[i]].subarray(at - lookBack, at + horizon)).forEach(
            (z, t) => write(t, z),
          ),
        ),
      }),
    };
  }

  training(windows: readonly Window[]): TrainingBatch {
    const { horizon } = this.config;
    const channels = this.names.targets.length;
    const weights = new Float32Array(windows.length * channels * horizon);
    let row = 0;
    const targets = block(windows, channels, horizon, (window, target, write) => {
      const { centre, scale, standard } = this.look(window, target);
      const values = window.series.targets[target];
      for (let step = 0; step < horizon; step++) {
        const value = values[window.at + step];
        if (Number.isNaN(value)) continue;
        weights[row * horizon + step] = scale / standard.deviation;
        write(step, (value - centre) / scale);
      }
      row++;
    });
    return { ...this.inputs(windows), targets, weights: { data: weights, shape: targets.shape } };
  }

  /** A model's output as forecasts in the table's units. @param output [C, H], row-major */
  restore(window: Window, output: ArrayLike<number>): Float64Array[] {
    const { horizon } = this.config;
    return this.names.targets.map((_, target) => {
      const { centre, scale } = this.look(window, target);
      return Float64Array.from({ length: horizon }, (__, step) => output[target * horizon + step] * scale + centre);
    });
  }

  /** By what a target of a series is standardised: as in training, or by its own history where it was not there. */
  standard(series: Series, target: number): Standard {
    const known = this.scales.scaler.of(series.id);
    if (known !== undefined) return known[target];
    return standardOf(series.targets[target].subarray(0, lengthOf(series))) ?? { mean: 0, deviation: 1 };
  }

  /** The look-back of a target, and how it is brought to the model's units. */
  private look({ series, at }: Window, target: number) {
    const standard = this.standard(series, target);
    const { lookBack, architecture } = this.config;
    const values = carried(series.targets[target].subarray(at - lookBack, at));
    return { values, standard, ...windowStatistics(values, NORMALISATION[architecture], standard) };
  }

  private column(name: string, values: Float64Array): Float64Array {
    const { mean, deviation } = this.scales.columns[name];
    return carried(values).map((value) => (Number.isNaN(value) ? 0 : (value - mean) / deviation));
  }
}

/** A batch's array [B, columns, steps], each row of which `read` writes. */
function block(
  windows: readonly Window[],
  columns: number,
  steps: number,
  read: (window: Window, column: number, write: (step: number, value: number) => void) => void,
): Block {
  const data = new Float32Array(windows.length * columns * steps);
  let offset = 0;
  const write = (step: number, value: number) => {
    data[offset + step] = value;
  };
  for (const window of windows) {
    for (let column = 0; column < columns; column++) {
      read(window, column, write);
      offset += steps;
    }
  }
  return { data, shape: [windows.length, columns, steps] };
}

/** Missing values replaced by the value before, at the beginning by the first that is there. */
function carried(window: Float64Array): Float64Array {
  let missing = false;
  for (const value of window) missing ||= Number.isNaN(value);
  if (!missing) return window;
  let last = window.find((value) => !Number.isNaN(value)) ?? NaN;
  return window.map((value) => (Number.isNaN(value) ? last : (last = value)));
}

/** The windows of origins; `index` is that of the series in its table. */
export function windowsOf(table: AnyTable, origins: readonly Origin[]): (Window & { readonly index: number })[] {
  return origins.map(({ series: index, at }) => ({ series: table.series[index], index, at }));
}

/** @throws unless a series has the columns that were fitted */
export function requireColumns({ id, targets, pastOnly, knownFuture }: Series, names: ColumnNames): void {
  const found = { targets: targets.length, pastOnly: Object.keys(pastOnly), knownFuture: Object.keys(knownFuture) };
  const wanted = { ...names, targets: names.targets.length };
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  throw new Error(`Forecaster: columns of "${id}" must be ${JSON.stringify(wanted)}, got ${JSON.stringify(found)}`);
}
