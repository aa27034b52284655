import type { Standard, StandardScaler } from '../scaling/standard-scaler.ts';
import type { AnyTable } from '../table/series-table.ts';
import type { WindowForecast } from '../evaluation/score-forecasts.ts';
import { RollingErrors } from './rolling-errors.ts';

/** What is expected of intervals, and how much of the past they are judged by. */
export interface ConformalOptions {
  /** Shares of values that intervals should hold, e.g. [0.8, 0.95]. */
  readonly levels: readonly number[];
  /** Errors are counted in deviations of it, so that series of any size share them. */
  readonly scaler?: StandardScaler;
  /** How many of the newest errors are kept for each target and step. Default 1,000. */
  readonly most?: number;
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
    /** [target][step] */
    private readonly errors: readonly (readonly RollingErrors[])[],
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
    const conformal = new SplitConformal(
      levels,
      table.targets.map(() => Array.from({ length: steps }, () => new RollingErrors(most))),
    );
    for (const { series, at, values } of ordered) {
      const { targets, id } = table.series[series];
      values.forEach((forecast, target) =>
        conformal.add(target, targets[target].subarray(at, at + steps), forecast, scaler?.of(id)?.[target]),
      );
    }
    conformal.requireEnough('SplitConformal');
    return conformal;
  }

  /** Takes in errors that have happened; the oldest go. A step whose actual value is missing teaches nothing. */
  add(target: number, actual: ArrayLike<number>, forecast: ArrayLike<number>, standard?: Standard): void {
    this.errors[target].forEach((_, step) => this.addStep(target, step, actual[step], forecast[step], standard));
  }

  /** The same for one step. */
  addStep(target: number, step: number, actual: number, forecast: number, standard?: Standard): void {
    const error = Math.abs(actual - forecast) / (standard?.deviation ?? 1);
    if (Number.isFinite(error)) this.errors[target][step].add(error);
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

  /** How far an interval reaches to each side, in deviations. @param level of the calibrated ones or not; infinite where there are too few errors for it */
  radius(level: number, target: number, step: number): number {
    const errors = this.errors[target][step];
    const rank = rankOf(errors.count, level);
    return rank < 1 ? 0 : (errors.ofRank(rank) ?? Infinity);
  }

  /** The largest error that is kept, in deviations. */
  largest(target: number, step: number): number {
    const errors = this.errors[target][step];
    return errors.ofRank(errors.count) ?? 0;
  }

  /** Fewest errors of any target and step. */
  get count(): number {
    return Math.min(...this.errors.flat().map(({ count }) => count));
  }

  /** The same again, which goes on by itself. */
  copy(): SplitConformal {
    return SplitConformal.restore(this.state(), this.levels);
  }

  /** Numbers of targets, of steps and of errors at most; then for each target and step their number and themselves, oldest first. */
  state(): Float32Array {
    const kept = this.errors.flat().map((errors) => errors.inTime());
    const [targets, steps] = [this.errors.length, this.errors[0].length];
    const numbers = new Float32Array(3 + kept.reduce((sum, { length }) => sum + 1 + length, 0));
    numbers.set([targets, steps, this.errors[0][0].most]);
    let at = 3;
    for (const errors of kept) {
      numbers[at] = errors.length;
      numbers.set(errors, at + 1);
      at += 1 + errors.length;
    }
    return numbers;
  }

  /** From what `state` gave. @throws if it is something else, or there are too few errors */
  static restore(state: Float32Array, levels: readonly number[]): SplitConformal {
    const [targets, steps, most] = state;
    const fits = [targets, steps, most].every((size) => Number.isSafeInteger(size) && size >= 1);
    let at = 3;
    const read = () => {
      const errors = new RollingErrors(most);
      const count = state[at];
      if (!(count >= 0 && count <= most && at + count < state.length)) throw new Error(unfit(state));
      state.subarray(at + 1, at + 1 + count).forEach((error) => errors.add(error));
      at += 1 + count;
      return errors;
    };
    if (!fits || targets * steps > state.length) throw new Error(unfit(state));
    const errors = Array.from({ length: targets }, () => Array.from({ length: steps }, read));
    if (at !== state.length) throw new Error(unfit(state));
    const conformal = new SplitConformal(levels, errors);
    conformal.requireEnough('SplitConformal.restore');
    return conformal;
  }

  private requireEnough(owner: string): void {
    const counts = this.errors.flat().map(({ count }) => count);
    const fewest = counts.length === 0 ? 0 : Math.min(...counts);
    const failed = this.levels.find((level) => fewest < errorsNeeded(level));
    if (failed === undefined) return;
    throw new Error(
      `${owner}: intervals of ${100 * failed} % need at least ${errorsNeeded(failed)} errors of every target and step, got ${fewest}`,
    );
  }
}

/** How many errors a level needs at least: the ⌈(n + 1) · level⌉-th of n must exist. 4 for 0.8, 19 for 0.95. */
export function errorsNeeded(level: number): number {
  let count = 1;
  while (rankOf(count, level) > count) count++;
  return count;
}

function unfit(state: Float32Array): string {
  return `SplitConformal.restore: state must be what state() gave, got ${state.length} other numbers`;
}

/** Of the error that an interval reaches to, counted from 1. What float64 adds to a whole product is no rank more. */
function rankOf(count: number, level: number): number {
  return Math.ceil((count + 1) * level - 1e-9);
}
