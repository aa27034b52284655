import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { SeriesTable, type Series } from '../../table/series-table.ts';
import type { ForecasterOptions } from './forecaster-config.ts';
import { Forecaster } from './forecaster.ts';

/** A wave of period 8 around a level, with a small irregularity that no seasonal forecast foresees. */
const wave = (length: number, level = 5, phase = 0) =>
  Array.from({ length }, (_, t) => level + 3 * Math.sin(((t + phase) * Math.PI) / 4) + 0.3 * Math.cos(1.3 * t * t));
const table = SeriesTable.of([
  { id: 'a', targets: { y: wave(90), z: wave(90, -2, 3) } },
  { id: 'b', targets: { y: wave(70, 100), z: wave(70, 40, 1) } },
]);

const base = { lookBack: 16, horizon: 4, season: 8, levels: [0.8], seed: 3 };
const small = { modelWidth: 8, layers: 1, heads: 2, hiddenWidth: 8, dropout: 0.5 };
const OPTIONS: Record<string, ForecasterOptions> = {
  nlinear: { architecture: 'nlinear', ...base },
  dlinear: { architecture: 'dlinear', ...base, average: 5, loss: 'mae' },
  patchtst: { architecture: 'patchtst', ...base, ...small, patchLength: 4, stride: 4 },
  itransformer: { architecture: 'itransformer', ...base, ...small },
};
const made: Forecaster[] = [];
const create = (architecture = 'nlinear', change: object = {}) => {
  const forecaster = new Forecaster({ ...OPTIONS[architecture], ...change } as ForecasterOptions);
  made.push(forecaster);
  return forecaster;
};
afterEach(() => made.splice(0).forEach((forecaster) => forecaster.dispose()));
const series = (id: string, length: number, phase: number): Series =>
  SeriesTable.of([{ id, targets: { y: wave(length, 5, phase), z: wave(length, 1, phase + 1) } }]).series[0];

describe.each(Object.keys(OPTIONS))("of architecture '%s'", (architecture) => {
  describeTaskContract('Forecaster', {
    create: () => create(architecture),
    untrained: () => create(architecture),
    load: (folder) => Forecaster.load(folder),
    folder: memoryFolder,
    fit: (forecaster, options) => forecaster.fit(table, { batchSize: 8, ...options }),
    fitBadly: (forecaster) => forecaster.fit(SeriesTable.of([{ targets: { y: wave(19) } }])),
    inputs: [series('a', 30, 0), series('new', 16, 2), series('b', 40, 5), series('c', 17, 1)],
    predict: (forecaster, inputs, options) => forecaster.predict(inputs, options),
    outcome: ({ id, baselineName, targets }) => ({
      exact: [id, baselineName, targets.map(({ name }) => name)],
      numbers: targets.flatMap(({ values, intervals, baseline }) => [...values, ...intervals[0].low, ...baseline]),
    }),
    tolerance: 1e-4, // values around 100
  });
});

const trained = async (change: object = {}, fit: object = {}) => {
  const forecaster = create('nlinear', change);
  await forecaster.fit(table, { epochs: 20, learningRate: 0.02, batchSize: 16, ...fit });
  return forecaster;
};

describe('Forecaster', () => {
  it('forecasts what follows its table, with intervals, its baseline and the skill over it', async () => {
    const forecasts = await (await trained()).predict();
    expect(forecasts.map(({ id, targets }) => [id, targets.map(({ name }) => name)])).toEqual([
      ['a', ['y', 'z']],
      ['b', ['y', 'z']],
    ]);
    const [a] = forecasts;
    expect(a.baselineName).toBe('seasonal naive of 8 steps');
    const [{ values, intervals, baseline }] = a.targets;
    const truth = wave(94).slice(90);
    values.forEach((value, i) => expect(Math.abs(value - truth[i])).toBeLessThan(1));
    expect([...baseline]).toEqual(wave(90).slice(82, 86));
    expect(intervals[0].level).toBe(0.8);
    values.forEach((value, i) => expect(intervals[0].low[i] < value && value < intervals[0].high[i]).toBe(true));
    expect(a.skill).toBeGreaterThan(-1);
    expect(a.attention).toBeUndefined();
  });

  it('evaluates all windows of a part beside its baseline', async () => {
    const { training, validation, test } = table.split({ validation: 12, test: 12 });
    const forecaster = create('nlinear');
    const { best } = await forecaster.fit(training, { validation, epochs: 10, learningRate: 0.02, batchSize: 16 });
    const { scores, forecasts } = await forecaster.backtest(test);
    expect([scores.windows, forecasts.length, scores.baseline.windows]).toEqual([18, 18, 18]); // (12 − 4 + 1) · 2
    expect(scores.skill).toBeCloseTo(1 - scores.mae / scores.baseline.mae, 12);
    expect(scores.intervals[0].level).toBe(0.8);
    const again = await forecaster.evaluate(validation);
    expect(again.mse).toBeCloseTo(best!.metrics.mse, 5);
    const adaptive = await forecaster.backtest(test, { intervals: 'adaptive', stride: 3 });
    expect(adaptive.scores.windows).toBe(6);
  });

  it('shows what patches and what series were looked at', async () => {
    const patches = create('patchtst');
    await patches.fit(table, { epochs: 1, batchSize: 32 });
    const [{ attention }] = await patches.predict(undefined, { attention: true });
    expect(attention!.map(({ name }) => name)).toEqual(['y, layer 1, mean of 2 heads', 'z, layer 1, mean of 2 heads']);
    expect(attention![0].columns).toEqual(['-16…-13', '-12…-9', '-8…-5', '-4…-1', '0…-1']);
    for (const row of attention![1].weights) expect(row.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
    const variates = create('itransformer');
    await variates.fit(table, { epochs: 1, batchSize: 32 });
    const shown = await variates.predict(undefined, { attention: true });
    expect(shown[1].attention![0].rows).toEqual(['y', 'z']);
  });

  it('takes in new rows without fitting: history and calibration move on', async () => {
    const forecaster = await trained();
    const weights = Object.values(forecaster.model.stateDict()).map((tensor) => [...tensor.dataSync()]);
    const full = { id: 'a', targets: { y: wave(100), z: wave(100, -2, 3) } };
    const rows = { id: 'a', targets: { y: full.targets.y.slice(90), z: full.targets.z.slice(90) } };
    const [asked] = await forecaster.predict(SeriesTable.of([full]).series);
    const [before] = await forecaster.predict();
    await forecaster.update(SeriesTable.of([rows]));
    const [after, other] = await forecaster.predict();
    // as if asked with the whole history, but for sums in another order
    after.targets[0].values.forEach((value, i) => expect(value).toBeCloseTo(asked.targets[0].values[i], 4));
    expect(after.targets[0].values).not.toEqual(before.targets[0].values);
    expect(other.id).toBe('b');
    const width = ({ targets: [{ intervals, values }] }: typeof after) => intervals[0].high[0] - values[0];
    expect(width(after)).not.toBe(width(before));
    expect(Object.values(forecaster.model.stateDict()).map((tensor) => [...tensor.dataSync()])).toEqual(weights);
    await expect(forecaster.update(SeriesTable.of([{ ...rows, id: 'x' }]))).rejects.toThrow(
      'a series must be known, got "x"',
    );
  });

  it('refuses rows that do not follow its history', async () => {
    const hour = (i: number) => 1_700_000_000_000 + i * 3_600_000;
    const stamped = (from: number, to: number) =>
      SeriesTable.of([
        { targets: { y: wave(to - from) }, stamps: Array.from({ length: to - from }, (_, i) => hour(from + i)) },
      ]);
    const forecaster = create('nlinear');
    await forecaster.fit(stamped(0, 90), { epochs: 1 });
    await forecaster.update(stamped(90, 92));
    await expect(forecaster.update(stamped(91, 93))).rejects.toThrow('must follow its history without a gap');
    await expect(forecaster.update(stamped(94, 96))).rejects.toThrow('must follow its history without a gap');
    await expect(forecaster.update(SeriesTable.of([{ targets: { y: [1] } }]))).rejects.toThrow('must have stamps');
  });

  it('reads past-only and known-future columns, which must reach as far as the horizon', async () => {
    const holiday = Array.from({ length: 96 }, (_, t) => (t % 11 === 0 ? 1 : 0));
    const load = (length: number) => wave(length).map((value, t) => value + 4 * holiday[t]);
    const of = (known: number) =>
      SeriesTable.of([
        {
          id: 'a',
          targets: { load: load(90) },
          pastOnly: { visits: wave(90, 9, 2) },
          knownFuture: { holiday: holiday.slice(0, known) },
        },
      ]);
    const forecaster = create('itransformer');
    await forecaster.fit(of(94), { epochs: 2, batchSize: 32 });
    const [{ targets, attention }] = await forecaster.predict(undefined, { attention: true });
    expect(targets[0].values.length).toBe(4);
    expect(attention![0].columns).toEqual(['load', 'visits', 'holiday']);
    await expect(forecaster.predict(of(92).series)).rejects.toThrow(
      'known-future holiday of "a" must reach 4 steps ahead, got 2',
    );
    await expect(create('patchtst').fit(of(94))).rejects.toThrow('patchtst reads targets alone, got [visits, holiday]');
    // what is known ahead is looked at
    const changed = SeriesTable.of([
      {
        id: 'a',
        targets: { load: load(90) },
        pastOnly: { visits: wave(90, 9, 2) },
        knownFuture: { holiday: [...holiday.slice(0, 90), 9, 9, 9, 9] },
      },
    ]);
    const [other] = await forecaster.predict(changed.series);
    expect(other.targets[0].values).not.toEqual(targets[0].values);
  });

  it('keeps a difference of 1 around 10⁹', async () => {
    const y = Array.from({ length: 90 }, (_, t) => 1e9 + (t % 2 === 0 ? 1 : -1));
    const forecaster = create('nlinear', { season: 2, lookBack: 8 });
    await forecaster.fit(SeriesTable.of([{ targets: { y } }]), { epochs: 80, learningRate: 0.05, batchSize: 8 });
    const [{ targets }] = await forecaster.predict();
    [1, -1, 1, -1].forEach((sign, i) => expect(Math.abs(targets[0].values[i] - 1e9 - sign)).toBeLessThan(0.3));
  });

  it('carries missing values where it is told so, and refuses them otherwise, as it refuses a look-back without any', async () => {
    const y: number[] = wave(90);
    y[40] = NaN;
    const holes = SeriesTable.of([{ id: 'a', targets: { y } }]);
    await expect(create('nlinear').fit(holes)).rejects.toThrow(
      'no value may be missing unless missing is \'carry\', got none of y of "a" at step 40',
    );
    const gap = y.map((value, t) => (t >= 50 && t < 70 ? NaN : value)); // longer than the look-back
    const forecaster = create('nlinear', { missing: 'carry' });
    const { losses } = await forecaster.fit(SeriesTable.of([{ id: 'a', targets: { y: gap } }]), { epochs: 3 });
    expect(losses.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    const end = SeriesTable.of([{ id: 'a', targets: { y: [...wave(20), ...Array<number>(16).fill(NaN)] } }]);
    await expect(forecaster.predict(end.series)).rejects.toThrow(
      'a look-back of 16 steps must have a value, got none of y',
    );
  });

  it('forecasts a constant series as constant, and its scaled errors are undefined', async () => {
    const constant = SeriesTable.of([{ targets: { y: Array<number>(90).fill(7) } }]);
    const { training, validation, test } = constant.split({ validation: 20, test: 10 });
    for (const architecture of ['nlinear', 'patchtst']) {
      const forecaster = create(architecture);
      await forecaster.fit(training, { validation, epochs: 30, learningRate: 0.01 });
      const scores = await forecaster.evaluate(test);
      expect(scores.mae).toBeLessThan(0.1);
      expect([scores.undefinedMase, scores.mase]).toEqual([7, NaN]);
    }
  });

  it('refuses tables that are too short, one point, all missing, and too few windows to calibrate, before anything is learned', async () => {
    const fit = (values: number[], change = {}) =>
      create('nlinear', change).fit(SeriesTable.of([{ targets: { y: values } }]));
    await expect(fit([1])).rejects.toThrow('a series must have lookBack=16 and horizon=4 steps');
    await expect(fit(wave(90), { horizon: 100 })).rejects.toThrow('horizon=100 steps');
    await expect(fit(Array<number>(90).fill(NaN), { missing: 'carry' })).rejects.toThrow('a target must have a value');
    const { training, validation } = table.split({ validation: 5, test: 0 });
    await expect(create('nlinear', { levels: [0.95] }).fit(training, { validation })).rejects.toThrow(
      'need 19 windows of validation, got 4',
    );
    expect(() => create('nlinear', { levels: [0.95, 0.8] })).toThrow('levels: must rise');
    expect(() => create('nlinear', { heads: 2 })).toThrow('Forecaster: config: ');
    const forecaster = await trained();
    await expect(forecaster.fit(SeriesTable.of([{ targets: { y: wave(90) } }]))).rejects.toThrow('columns must be');
    await expect(forecaster.predict([series('a', 9, 0)])).rejects.toThrow('a history must have lookBack=16 steps');
    await expect(forecaster.predict(SeriesTable.of([{ targets: { y: wave(30) } }]).series)).rejects.toThrow(
      'columns of "series 1" must be',
    );
  });

  it('backtests without leaving tensors behind', async () => {
    const forecaster = await trained({}, { epochs: 1 });
    const { test } = table.split({ validation: 12, test: 12 });
    await forecaster.backtest(test);
    const tensors = tf.memory().numTensors;
    await forecaster.backtest(test);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
