import type { LabelledMap } from '@heed/attention-core';
import { Task, type FitHistory, type SavedFiles } from '@heed/tasks';
import { dataLoader, fingerprint } from '@heed/training';
import type { Baseline } from '../../baselines/baseline.ts';
import { baselineOf } from '../../baselines/baseline-of.ts';
import { scoreForecasts, type WindowForecast } from '../../evaluation/score-forecasts.ts';
import { SplitConformal } from '../../intervals/split-conformal.ts';
import { StandardScaler } from '../../scaling/standard-scaler.ts';
import { lengthOf, type AnyTable, type Series } from '../../table/series-table.ts';
import { originsOf, type Origin } from '../../table/windows.ts';
import { createForecastModel, labelForecastMaps } from './architectures.ts';
import {
  forecasterRecipe,
  forecasterSchema,
  type BacktestOptions,
  type Forecast,
  type ForecasterConfig,
  type ForecasterFitOptions,
  type ForecasterOptions,
  type ForecasterScores,
  type ForecastOptions,
} from './forecaster-config.ts';
import { describeParts, requireLearned, restoreParts, type ForecasterParts, type Learned } from './forecaster-parts.ts';
import { completedWindows, endOf, joined } from './held-history.ts';
import { scoreBeside, withIntervals } from './score-backtest.ts';
import { columnScales, numbersOf, trainingParts } from './training-parts.ts';
import {
  requireColumns,
  WindowReader,
  windowsOf,
  type Scales,
  type TrainingBatch,
  type Window,
} from './window-reader.ts';
import { windowLoss } from './window-loss.ts';

/**
 * Forecasts the series of a table, with intervals, beside a simple baseline and the skill over it.
 *
 * `fit` uses Adam with a learning rate of 0.0005 along half a cosine, batches of 128 windows, 25 epochs, and ends with the best weights on validation.
 *
 * @example
 * ```ts
 * import { Forecaster, tableFromRows } from '@heed/timeseries';
 * const rows = Array.from({ length: 240 }, (_, hour) => ({ load: 50 + 20 * Math.sin((hour * Math.PI) / 12) }));
 * const table = tableFromRows(rows, { targets: ['load'] });
 * const forecaster = new Forecaster({ architecture: 'nlinear', lookBack: 24, horizon: 6, season: 24, seed: 7 });
 * await forecaster.fit(table, { epochs: 30, learningRate: 0.01 });
 * const [{ targets, skill, baselineName }] = await forecaster.predict();
 * console.log(targets[0].values, targets[0].intervals[0], targets[0].baseline, skill, baselineName);
 * ```
 */
export class Forecaster extends Task<ForecasterConfig, ForecasterParts> {
  static readonly kind = { name: 'Forecaster', schema: forecasterSchema };

  /** @throws if an option is unknown or out of range, naming it and its value */
  constructor(config: ForecasterOptions) {
    super(Forecaster.kind, config);
  }

  /**
   * Learns from a table, then calibrates intervals on validation rows. What is forecast afterwards is the future of the table, validation included.
   *
   * @throws if a series is too short, a value is missing (unless `missing` is 'carry'), the validation has too few windows for the levels, the columns are others
   * than at the first fit, or a checkpoint is of another run
   */
  async fit(table: AnyTable<'all' | 'training'>, options: ForecasterFitOptions = {}): Promise<FitHistory> {
    const { config } = this;
    const { windowStride = 1 } = options;
    const names = { targets: table.targets, pastOnly: table.pastOnly, knownFuture: table.knownFuture };
    let prepared: { training: AnyTable; validation: AnyTable<'validation'>; scales: Scales } | undefined;
    const prepare = () => {
      const { training, validation } = trainingParts(table, options.validation, config);
      return (prepared = {
        training,
        validation,
        scales: { scaler: StandardScaler.fit(training), columns: columnScales(training) },
      });
    };
    const history = await this.train<TrainingBatch>(
      { restoreBest: true, ...options },
      forecasterRecipe,
      () => ({ model: createForecastModel(config, names), names, state: {} }),
      (parts, { batchSize }) => {
        if (JSON.stringify(parts.names) !== JSON.stringify(names)) {
          throw new Error(
            `Forecaster.fit: columns must be ${JSON.stringify(parts.names)}, got ${JSON.stringify(names)}`,
          );
        }
        const { training, validation, scales } = prepare();
        const reader = new WindowReader(config, names, scales);
        reader.requireWhole([...training.series, ...validation.series], 'Forecaster.fit');
        const windows = windowsOf(training, originsOf(training, { ...config, stride: windowStride })).filter((window) =>
          reader.isUseful(window),
        );
        if (windows.length === 0)
          throw new Error('Forecaster.fit: there must be a window with values to learn from, got none');
        return {
          loss: (batch, { random }) => windowLoss(parts.model, batch, { loss: config.loss, random }),
          data: dataLoader({
            examples: windows.length,
            batchSize,
            seed: config.seed,
            make: (members) => reader.training(members.map((index) => windows[index])),
          }),
          identity: { windowStride, windows: windows.length, data: fingerprint(numbersOf(training)) },
          evaluation: {
            run: async () => {
              const origins = originsOf(validation, { ...config, stride: 1 });
              const forecasts = await this.forecastAt(validation, origins, scales, {});
              const { scaler } = scales;
              const { mse, mae } = scoreForecasts(validation, forecasts, { season: config.season, scaler });
              return { mse, mae };
            },
            monitor: config.loss,
          },
        };
      },
    );
    const { validation, scales } = prepared!;
    const { state } = this.require('fit');
    const { conformal, skill } = await this.calibrate(validation, scales);
    state.learned = { scales, conformal, skill, history: validation.series.map((series) => endOf(series, this.kept)) };
    return history;
  }

  /**
   * What comes after each series.
   *
   * @param series e.g. `table.series`. Default: the series that were fitted and updated. Unknown ones are standardised by their own history
   * @throws if a history is shorter than `lookBack` or has other columns, known-future columns do not reach `horizon` steps ahead, or a value is missing (unless
   * `missing` is 'carry')
   */
  async predict(series?: readonly Series[], options: ForecastOptions = {}): Promise<Forecast[]> {
    const { names } = this.require('predict');
    const { scales, conformal, skill, history } = this.learned('predict');
    const asked = series ?? history;
    const reader = new WindowReader(this.config, names, scales);
    const { name: baselineName, forecast: naive } = this.baseline;
    const windows = asked.map((one) => ({ series: one, at: lengthOf(one) }));
    for (const window of windows) {
      requireColumns(window.series, names);
      reader.check(window, 'Forecaster.predict');
    }
    reader.requireWhole(asked, 'Forecaster.predict');
    return this.forward('predict', reader, windows, options, ({ series: one }, values, attention) => ({
      id: one.id,
      baselineName,
      skill,
      targets: values.map((forecast, target) => ({
        name: names.targets[target],
        values: forecast,
        intervals: conformal.around(target, forecast, reader.standard(one, target)),
        baseline: naive(one.targets[target], forecast.length),
      })),
      ...(options.attention === true && { attention }),
    }));
  }

  /**
   * Forecasts from every origin of a part, without fitting again: many at once.
   *
   * @throws if the columns are others, or there is no origin
   */
  async backtest(
    table: AnyTable<'test' | 'validation'>,
    options: BacktestOptions = {},
  ): Promise<{ readonly forecasts: readonly WindowForecast[]; readonly scores: ForecasterScores }> {
    const { stride = 1, intervals = 'split' } = options;
    const { horizon, season } = this.config;
    const { scales, conformal } = this.learned('backtest');
    const { scaler } = scales;
    const origins = originsOf(table, { lookBack: this.needed, horizon, stride });
    if (origins.length === 0) {
      throw new Error(
        `Forecaster.backtest: there must be an origin with ${this.needed} steps before and ${horizon} after, got none`,
      );
    }
    const plain = await this.forecastAt(table, origins, scales, options);
    const forecasts = withIntervals(table, plain, conformal, { intervals, scaler });
    return { forecasts, scores: scoreBeside(table, forecasts, this.baseline, { season, horizon, scaler }) };
  }

  /** How good it is from every origin of a part, beside its baseline. @throws as `backtest` */
  async evaluate(table: AnyTable<'test' | 'validation'>, options: BacktestOptions = {}): Promise<ForecasterScores> {
    return (await this.backtest(table, options)).scores;
  }

  /**
   * Takes in rows that came since, without fitting: what is forecast next follows them, and the errors of all forecasts that they complete join the
   * calibration.
   *
   * @param table the new rows alone, of series that are known
   * @throws if a series is not known, or its rows do not follow its history
   */
  async update(table: AnyTable<'all'>): Promise<void> {
    const { names, state } = this.require('update');
    const { scales, conformal, skill, history } = this.learned('update');
    const reader = new WindowReader(this.config, names, scales);
    const known = new Map(history.map((series) => [series.id, series]));
    for (const rows of table.series) {
      requireColumns(rows, names);
      if (!known.has(rows.id)) throw new Error(`Forecaster.update: a series must be known, got "${rows.id}"`);
    }
    reader.requireWhole(table.series, 'Forecaster.update');
    const moved = new Map(table.series.map((rows) => [rows.id, joined(known.get(rows.id)!, rows)]));
    const { horizon } = this.config;
    const completed = completedWindows(known, moved, this.needed, horizon);
    const next = conformal.copy();
    const useful = completed.filter((window) => reader.isUseful(window));
    const forecasts = await this.forward('update', reader, useful, {}, (window, values) => ({ window, values }));
    for (const { window, values } of forecasts) {
      const { series, at } = window;
      values.forEach((forecast, target) => {
        const actual = series.targets[target].subarray(at, at + horizon);
        next.add(target, actual, forecast, reader.standard(series, target));
      });
    }
    state.learned = {
      scales,
      skill,
      conformal: next,
      history: history.map((series) => endOf(moved.get(series.id) ?? series, this.kept)),
    };
  }

  protected describe(parts: ForecasterParts) {
    return describeParts(parts);
  }

  protected restore(saved: SavedFiles): ForecasterParts {
    return restoreParts(this.config, saved);
  }

  private get baseline(): Baseline {
    return baselineOf(this.config);
  }

  /** Steps before an origin: for the look-back, and for the baseline. */
  private get needed(): number {
    return Math.max(this.config.lookBack, this.baseline.needs);
  }

  /** Steps of a series that are kept: enough to forecast again from the origins whose horizon is not over. */
  private get kept(): number {
    return this.needed + this.config.horizon;
  }

  private learned(method: string): Learned {
    return requireLearned(this.require(method).state, method);
  }

  private async calibrate(validation: AnyTable<'validation'>, scales: Scales) {
    const { horizon, levels, season } = this.config;
    const { scaler } = scales;
    // the newest thousand, and no more: as many as are kept
    const origins = originsOf(validation, { lookBack: this.needed, horizon })
      .toSorted((a, b) => a.at - b.at)
      .slice(-1000);
    const forecasts = await this.forecastAt(validation, origins, scales, {});
    const conformal = SplitConformal.calibrate(validation, forecasts, { levels, scaler });
    const { skill } = scoreBeside(validation, forecasts, this.baseline, { season, horizon, scaler });
    return { conformal, skill };
  }

  private forecastAt(table: AnyTable, origins: readonly Origin[], scales: Scales, options: ForecastOptions) {
    const reader = new WindowReader(this.config, this.require('backtest').names, scales);
    reader.requireWhole(table.series, 'Forecaster.backtest');
    const windows = windowsOf(table, origins);
    for (const window of windows) reader.check(window, 'Forecaster.backtest');
    return this.forward('backtest', reader, windows, options, ({ index, at }, values): WindowForecast => ({
      series: index,
      at,
      values,
    }));
  }

  /** Forecasts of windows in the table's units, compiled where the backend can. */
  private forward<W extends Window, Result>(
    method: string,
    reader: WindowReader,
    windows: readonly W[],
    { batchSize = 128, signal, attention = false }: ForecastOptions,
    result: (window: W, values: Float64Array[], attention: LabelledMap[]) => Result,
  ): Promise<Result[]> {
    const { model, names } = this.require(method);
    return this.predictInBatches(
      method,
      windows,
      {
        batch: (chosen) => reader.inputs(chosen),
        forward: (batch) => ({ forecast: model.forward(batch) }), // [B, C, H]
        result: ({ forecast: { data } }, window, row, maps) =>
          result(window, reader.restore(window, data), labelForecastMaps(this.config, names, maps, row)),
      },
      { batchSize, signal, attention },
    );
  }
}
