import { readFileSync } from 'node:fs';
import { readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeTaskContract } from '@heed/testing';
import { memoryFolder, type Folder } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { ZeroShotForecaster } from './zero-shot-forecaster.ts';

// made by tooling/golden/timeseries-chronos-bolt.py
const golden = (name: string) => readFileSync(new URL(`../../models/chronos-bolt/${name}`, import.meta.url));
const published = JSON.parse(golden('chronos-bolt.golden.json').toString()) as Record<string, object>;
const publish = async (form: string, change: object = {}): Promise<Folder> => {
  const folder = memoryFolder();
  const all = readSafetensors(golden('chronos-bolt.golden.safetensors')).tensors();
  const start = `${form}/weights/`;
  const weights = Object.entries(all).filter(([name]) => name.startsWith(start));
  const file = await writeSafetensors(
    Object.fromEntries(weights.map(([name, tensor]) => [name.slice(start.length), tensor])),
  );
  tf.dispose(all);
  await folder.write('model.safetensors', file);
  await folder.write('config.json', new TextEncoder().encode(JSON.stringify({ ...published[form], ...change })));
  return folder;
};
const opened: ZeroShotForecaster[] = [];
const open = async (form = 'plain', config = {}) => {
  const forecaster = await ZeroShotForecaster.fromPretrained(await publish(form), config);
  opened.push(forecaster);
  return forecaster;
};
afterEach(() => opened.splice(0).forEach((forecaster) => forecaster.dispose()));

const wave = (length: number) => Array.from({ length }, (_, t) => 10 + 3 * Math.sin(t));

describeTaskContract('ZeroShotForecaster', {
  create: async () => ZeroShotForecaster.fromPretrained(await publish('plain'), { season: 2 }),
  untrained: () => new ZeroShotForecaster({ season: 2 }),
  load: (folder) => ZeroShotForecaster.load(folder),
  folder: memoryFolder,
  inputs: [wave(7), wave(30), [1, NaN, 3], wave(16)],
  predict: (forecaster, histories, { signal } = {}) =>
    forecaster.predict(histories, { horizon: 7, ...(signal && { signal }) }),
  outcome: ({ baselineName, quantiles, baseline }) => ({
    exact: [baselineName, quantiles.map(({ quantile }) => quantile)],
    numbers: [...quantiles.flatMap(({ values }) => [...values]), ...baseline],
  }),
  tolerance: 1e-4, // values around 10, from a random model, twice
});

describe('ZeroShotForecaster', () => {
  it.each(['plain', 'gated'])(
    "goes on as chronos-forecasting's pipeline does beyond its horizon (%s), in order of quantiles",
    async (form) => {
      const all = readSafetensors(golden('chronos-bolt.golden.safetensors')).tensors();
      const context = (await all[`${form}/context`].array()) as number[][];
      const expected = (await all[`${form}/long`].array()) as number[][][];
      tf.dispose(all);
      const forecasts = await (await open(form)).predict(context, { horizon: 12 });
      forecasts.forEach(({ quantiles, values }, i) => {
        expect(values).toBe(quantiles[1].values); // the median
        for (let step = 0; step < 12; step++) {
          const sorted = expected[i].map((row) => row[step]).toSorted((a, b) => a - b);
          // twice through a model in float32, around 10
          quantiles.forEach(({ values: own }, q) => expect(Math.abs(own[step] - sorted[q])).toBeLessThan(1e-3));
        }
      });
    },
  );

  it('shows what patches and the forecast looked at, and its baseline', async () => {
    const forecaster = await open('plain', { season: 3 });
    const [{ attention, baseline, baselineName }] = await forecaster.predict([wave(8)], {
      attention: true,
      horizon: 2,
    });
    expect(attention!.map(({ rows, columns }) => [rows.length, columns.join()])).toEqual([
      [3, '-8…-5,-4…-1,all'],
      [3, '-8…-5,-4…-1,all'],
      [1, '-8…-5,-4…-1,all'],
    ]);
    expect([...baseline]).toEqual(wave(8).slice(5, 7));
    expect(baselineName).toBe('seasonal naive of 3 steps');
  });

  it('refuses what is no history, and weights of another model', async () => {
    const forecaster = await open();
    const of = (history: unknown[], options = {}) => forecaster.predict([history as number[]], options);
    await expect(of([1, Infinity])).rejects.toThrow('got Infinity in history 0, step 1');
    await expect(of(['red'])).rejects.toThrow('got "red" in history 0, step 0');
    await expect(of([NaN, NaN])).rejects.toThrow('a history must have a value, got none in history 0');
    await expect(of([])).rejects.toThrow('a history must have a value');
    await expect(of([1, 2], { horizon: 0 })).rejects.toThrow('horizon must be a positive integer, got 0');
    const other = await publish('plain', { num_layers: 3 });
    await expect(ZeroShotForecaster.fromPretrained(other)).rejects.toThrow('missing');
  });
});
