import { readFileSync } from 'node:fs';
import { capture, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { loadPretrained, memoryFolder, publishedWeights } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { normaliseWindow } from '../../scaling/window-normalisation.ts';
import { readGolden, unevenSum } from '../golden.test-support.ts';
import { patchTstConfigOf, patchTstNames, publishedPatchTstConfig } from './patchtst.published.ts';
import { createPatchTst, patchSpans, type PatchTstConfig } from './patchtst.ts';

const config: PatchTstConfig = {
  lookBack: 12,
  horizon: 5,
  patchLength: 4,
  stride: 2,
  padding: 'end',
  modelWidth: 8,
  layers: 2,
  heads: 2,
  hiddenWidth: 12,
  dropout: 0,
  norm: 'batch',
  placement: 'post',
  positions: 'learned',
  pooling: 'flatten',
};
const batch = () => ({ past: tf.reshape(tf.sin(tf.range(0, 72)), [2, 3, 12]) as tf.Tensor3D });
const target = () => tf.reshape(tf.cos(tf.range(0, 30)), [2, 3, 5]);

for (const change of [{}, { norm: 'layer', placement: 'pre', padding: 'none', positions: 'sinusoidal' }] as const) {
  describeModelContract(`PatchTst (${JSON.stringify(change)})`, {
    config: { ...config, layers: 1, ...change },
    create: createPatchTst,
    batch,
    forward: (model, given) => model.forward(given),
    outputShape: [2, 3, 5],
    overfit: { learningRate: 0.05, steps: 40 },
    loss: (model, given) => tf.tidy(() => tf.mean(tf.square(tf.sub(model.forward(given), target())))),
  });
}

// made by tooling/golden/timeseries-patchtst.py
const published = JSON.parse(readFileSync(new URL('patchtst.golden.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, unknown>
>;

describe('PatchTst', () => {
  it.each(['batch', 'layer'])(
    "opens PatchTSTForPrediction's weights with %s norms: its forecasts and gradients, and its names back",
    async (kind) => {
      const { all, under } = readGolden(new URL('patchtst.golden.safetensors', import.meta.url));
      const own = patchTstConfigOf(published[kind]);
      const model = createPatchTst(own, 1);
      const names = patchTstNames(own);
      const folder = memoryFolder();
      await folder.write('model.safetensors', await writeSafetensors(under(`${kind}/weights`)));
      await loadPretrained(folder, model, names);

      // windows are normalised as that model does inside, but in float64
      const [examples, steps, channels] = all[`${kind}/past`].shape;
      const values = (await all[`${kind}/past`].data()) as Float32Array;
      const windows = Array.from({ length: examples * channels }, (_, i) =>
        normaliseWindow(
          Float64Array.from(
            { length: steps },
            (__, t) => values[(Math.floor(i / channels) * steps + t) * channels + (i % channels)],
          ),
          'mean',
        ),
      );
      const past = tf.tensor3d(Float32Array.from(windows.flatMap((window) => [...window.values])), [
        examples,
        channels,
        steps,
      ]);
      const perSeries = (of: (window: (typeof windows)[number]) => number) =>
        tf.tensor3d(windows.map(of), [examples, channels, 1]);
      const forecast = () =>
        tf.transpose(
          tf.add(
            tf.mul(
              model.forward({ past }),
              perSeries(({ scale }) => scale),
            ),
            perSeries(({ centre }) => centre),
          ),
          [0, 2, 1],
        );
      // float32 around 30, after two layers
      expect(forecast()).toBeAllClose(all[`${kind}/forecast`], { absolute: 1e-4, relative: 1e-5 });

      const parameters = model.trainableParameters();
      const { grads } = tf.variableGrads(
        () => unevenSum(forecast()),
        parameters.map(({ variable }) => variable),
      );
      const theirs = under(`${kind}/gradients`);
      const wanted = new Map(Object.entries(theirs));
      const ours = createPatchTst(own, 1);
      for (const { name, variable } of ours.trainableParameters()) {
        variable.assign(grads[parameters.find((parameter) => parameter.name === name)!.variable.name]);
      }
      const renamed = publishedWeights(ours, names);
      expect([...wanted.keys()].filter((name) => renamed[name] === undefined)).toEqual([]);
      for (const [name, gradient] of wanted)
        expect(renamed[name]).toBeAllClose(gradient, { absolute: 1e-4, relative: 1e-4 });

      const back = publishedWeights(model, names);
      expect(Object.keys(back).toSorted()).toEqual(Object.keys(under(`${kind}/weights`)).toSorted());
      for (const [name, tensor] of Object.entries(under(`${kind}/weights`))) {
        expect(back[name]).toBeAllClose(tensor, { absolute: 0, relative: 0 });
      }
      const config = publishedPatchTstConfig(own, channels);
      expect(patchTstConfigOf(config)).toEqual(own);
      expect(
        Object.entries(config).filter(
          ([name, value]) =>
            name !== 'architectures' && JSON.stringify(value) !== JSON.stringify(published[kind][name]),
        ),
      ).toEqual([]);
      tf.dispose([all, grads, renamed, back]);
      [model, ours].forEach((one) => one.dispose());
    },
  );

  it('refuses published configs of what it has not, by name', () => {
    const of = (change: object) => () => patchTstConfigOf({ ...published.batch, ...change });
    expect(of({ channel_attention: true })).toThrow('channel_attention');
    expect(of({ use_cls_token: true })).toThrow('use_cls_token');
    expect(of({ loss: 'nll' })).toThrow('loss');
    expect(() => publishedPatchTstConfig(config, 3)).toThrow("padding must be 'none', got 'end'");
  });

  it('has the patches of its authors: 42 of 336 steps, the last one partly repeated', () => {
    const spans = patchSpans({ lookBack: 336, patchLength: 16, stride: 8, padding: 'end' });
    expect([spans.length, spans[0], spans.at(-1)]).toEqual([42, [0, 15], [328, 343]]);
    expect(patchSpans({ lookBack: 21, patchLength: 6, stride: 4, padding: 'none' })).toEqual([
      [3, 8],
      [7, 12],
      [11, 16],
      [15, 20],
    ]);
  });

  it('shows how much each patch looks at each other one', () => {
    const model = createPatchTst(config, 1);
    const { maps } = capture(() => model.forward(batch()));
    expect(maps.map(({ name, weights }) => [name, ...weights.shape])).toEqual([
      ['layer 1', 6, 2, 6, 6],
      ['layer 2', 6, 2, 6, 6],
    ]);
    model.dispose();
  });

  it('refuses windows of another length, and sizes that do not fit', () => {
    const model = createPatchTst(config, 1);
    expect(() => model.forward({ past: tf.zeros([1, 1, 11]) })).toThrow(
      'past must be [B, C, lookBack=12], got [1,1,11]',
    );
    expect(() => createPatchTst({ ...config, heads: 3 }, 1)).toThrow('must be a multiple of heads');
    expect(() => createPatchTst({ ...config, patchLength: 13 }, 1)).toThrow('must be at most lookBack');
  });
});
