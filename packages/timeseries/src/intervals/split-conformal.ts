import type { Standard, StandardScaler } from '../scaling/standard-scaler.ts';
import type { AnyTable } from '../table/series-table.ts';
import type { WindowForecast } from '../evaluation/score-forecasts.ts';

/** What is expected of intervals, and how much of the past they are judged by. */
export interface ConformalOptions {
  /** Shares of values that intervals should hold, e.g. [0.8, 0.95]. */
  readonly levels: readonly number[];
  /** Errors are counted in deviations of it, so that series of any size share them. */
  readonly scaler?: StandardScaler;
  /** How many of the newest errors are kept for each target and step. Default 1,000. */
  readonly most?: number;
}

/** The errors of one target and step, oldest first, and the same in order of size. */
interface Errors {
  readonly inTime: number[];
  sorted: Float64Array | undefined;
}

/**
 * Intervals by split conformal prediction: as wide as the ⌈(n + 1) · level⌉-th smallest of n absolute errors, for each target and step, on values that the
 * model was not trained on. They hold the stated share of values if the errors to come are exchangeable with those; over a change they do not.
 *
 * It is calibrated on validation rows: those of training do not compile.
 */
export class SplitConformal {
  private constructor(
    readonly levels: readonly number[],
    private readonly most: number,
    /** [target][step] */
    private readonly errors: readonly (readonly Errors[])[],
  ) {}

  /**
   * @param forecasts of the table's values
   * @throws if there are fewer errors than a level needs: 4 for 0.8, 19 for 0.95
   */
  static calibrate(
    table: AnyTable<'validation'>,
    forecasts: Iterable<WindowForecast>,
    { levels, scaler, most = 1000 }: ConformalOptions,
  ): SplitConformal {
    const ordered = [...forecasts].sort((a, b) => a.at - b.at);
    const steps = ordered[0]?.values[0].length ?? 0;
    const errors = table.targets.map(() =>
      Array.from({ length: steps }, (): Errors => ({ inTime: [], sorted: undefined })),
    );
    const conformal = new SplitConformal(levels, most, errors);
    for (const { series, at, values } of ordered) {
      const { targets, id } = table.series[series];
      values.forEach((forecast, target) =>
        conformal.add(target, targets[target].subarray(at, at + steps), forecast, scaler?.of(id)?.[target]),
      );
    }
    conformal.requireEnough('SplitConformal');
    return conformal;
  }

  /** Whether n errors are enough for a level: the ⌈(n + 1) · level⌉-th must exist. */
  static isEnough(count: number, level: number): boolean {
    return rankOf(count, level) <= count;
  }

  /** Takes in errors that have happened; the oldest go. A step whose actual value is missing teaches nothing. */
  add(target: number, actual: ArrayLike<number>, forecast: ArrayLike<number>, standard?: Standard): void {
    this.errors[target].forEach((errors, step) => {
      const error = Math.abs(actual[step] - forecast[step]) / (standard?.deviation ?? 1);
      if (!Number.isFinite(error)) return;
      errors.inTime.push(error);
      if (errors.inTime.length > this.most) errors.inTime.shift();
      errors.sorted = undefined;
    });
  }

  /** The intervals around a forecast of a target, one for each level; a higher level's holds a lower one's. */
  around(
    target: number,
    forecast: Float64Array,
    standard?: Standard,
  ): { readonly level: number; readonly low: Float64Array; readonly high: Float64Array }[] {
    const deviation = standard?.deviation ?? 1;
    return this.levels.map((level) => {
      const widths = forecast.map((_, step) => this.radius(level, target, step) * deviation);
      return { level, low: forecast.map((y, i) => y - widths[i]), high: forecast.map((y, i) => y + widths[i]) };
    });
  }

  /** How far an interval reaches to each side, in deviations. @param level between 0 and 1, of the calibrated ones or not; infinite where there are too few errors */
  radius(level: number, target: number, step: number): number {
    const errors = this.errors[target][step];
    errors.sorted ??= Float64Array.from(errors.inTime).sort();
    const rank = rankOf(errors.sorted.length, level);
    if (rank <= 0) return 0;
    return errors.sorted[rank - 1] ?? Infinity;
  }

  /** Fewest errors of any target and step. */
  get count(): number {
    return Math.min(...this.errors.flat().map(({ inTime }) => inTime.length));
  }

  /** As JSON. */
  state(): number[][][] {
    return this.errors.map((steps) => steps.map(({ inTime }) => [...inTime]));
  }

  /** From what `state` gave. @throws if there are too few errors */
  static restore(
    state: readonly (readonly (readonly number[])[])[],
    levels: readonly number[],
    most = 1000,
  ): SplitConformal {
    const errors = state.map((steps) => steps.map((inTime): Errors => ({ inTime: [...inTime], sorted: undefined })));
    const conformal = new SplitConformal(levels, most, errors);
    conformal.requireEnough('SplitConformal.restore');
    return conformal;
  }

  private requireEnough(owner: string): void {
    const counts = this.errors.flat().map(({ inTime }) => inTime.length);
    const fewest = counts.length === 0 ? 0 : Math.min(...counts);
    const failed = this.levels.find((level) => !SplitConformal.isEnough(fewest, level));
    if (failed === undefined) return;
    let needed = fewest;
    while (!SplitConformal.isEnough(needed, failed)) needed++;
    throw new Error(
      `${owner}: intervals of ${100 * failed} % need at least ${needed} errors of every target and step, got ${fewest}`,
    );
  }
}

/** Of the error that an interval reaches to, counted from 1. What float64 adds to a whole product is no rank more. */
function rankOf(count: number, level: number): number {
  return Math.ceil((count + 1) * level - 1e-9);
}
