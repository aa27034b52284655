import { readFileSync } from 'node:fs';
import { capture, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { loadPretrained, memoryFolder, publishedWeights } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { readGolden, unevenSum } from '../golden.test-support.ts';
import { chronosBoltConfigOf, chronosBoltNames } from './chronos-bolt.published.ts';
import { createChronosBolt, type ChronosBoltConfig, type ContextBatch } from './chronos-bolt.ts';
import { readContext } from './read-context.ts';

const config: ChronosBoltConfig = {
  lookBack: 16,
  horizon: 3,
  patchLength: 4,
  quantiles: [0.1, 0.9],
  registerToken: true,
  modelWidth: 8,
  layers: 1,
  decoderLayers: 1,
  heads: 2,
  headWidth: 4,
  hiddenWidth: 12,
  activation: 'relu',
  gated: false,
  buckets: 8,
  maxDistance: 16,
  epsilon: 1e-6,
  dropout: 0,
};
// the first patch of the second series was not observed
const batch = (unobserved = 0) => {
  const observed = tf.tensor2d([...Array<number>(12).fill(1), 0, 0, 0, 0, ...Array<number>(8).fill(1)], [2, 12]);
  const wave = tf.reshape(tf.sin(tf.square(tf.range(0, 24))), [2, 12]);
  return { values: tf.where(tf.greater(observed, 0), wave, unobserved), observed } as ContextBatch & {
    values: tf.Tensor2D;
  };
};
const target = () => tf.reshape(tf.cos(tf.range(0, 12)), [2, 2, 3]);

describeModelContract('ChronosBolt', {
  config,
  create: createChronosBolt,
  batch: () => batch(),
  forward: (model, given) => model.forward(given),
  outputShape: [2, 2, 3],
  loss: (model, given) => tf.tidy(() => tf.mean(tf.square(tf.sub(model.forward(given), target())))),
  // of the decoder's one step, self-attention sees itself alone: neither queries, keys nor the bias decide anything
  withoutGradient: (name) => /^decoder\.(bias\.weight|blocks\.0\.selfAttention\.(query|key)\.)/.test(name),
  masked: { change: () => batch(7) },
  overfit: { learningRate: 0.03, steps: 50 },
});

// made by tooling/golden/timeseries-chronos-bolt.py
const published = JSON.parse(readFileSync(new URL('chronos-bolt.golden.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, unknown>
>;

describe('ChronosBolt', () => {
  it.each(['plain', 'gated'])(
    'opens the weights of chronos-forecasting (%s): its quantiles over gaps, its gradients, and its names back',
    async (form) => {
      const { all, under } = readGolden(new URL('chronos-bolt.golden.safetensors', import.meta.url));
      const own = chronosBoltConfigOf(published[form]);
      const names = chronosBoltNames(own);
      const model = createChronosBolt(own, 1);
      const folder = memoryFolder();
      await folder.write('model.safetensors', await writeSafetensors(under(`${form}/weights`)));
      await loadPretrained(folder, model, names);

      const [series, steps] = all[`${form}/context`].shape;
      const numbers = (await all[`${form}/context`].data()) as Float32Array;
      const contexts = Array.from({ length: series }, (_, i) =>
        readContext(Float64Array.from(numbers.subarray(i * steps, (i + 1) * steps)), own),
      );
      const stacked = (of: (context: (typeof contexts)[number]) => Float32Array) =>
        tf.tensor2d(Float32Array.from(contexts.flatMap((context) => [...of(context)])), [
          series,
          contexts[0].values.length,
        ]);
      const given = { values: stacked(({ values }) => values), observed: stacked(({ observed }) => observed) };
      const perSeries = (of: (context: (typeof contexts)[number]) => number) =>
        tf.tensor3d(contexts.map(of), [series, 1, 1]);
      const quantiles = () =>
        tf.add(
          tf.mul(
            model.forward(given),
            perSeries(({ scale }) => scale),
          ),
          perSeries(({ centre }) => centre),
        );
      // their normalisation is float32
      expect(quantiles()).toBeAllClose(all[`${form}/quantiles`], { absolute: 1e-4, relative: 1e-4 });

      const parameters = model.trainableParameters();
      const { grads } = tf.variableGrads(
        () => unevenSum(quantiles()),
        parameters.map(({ variable }) => variable),
      );
      const ours = createChronosBolt(own, 1);
      for (const [i, { variable }] of ours.trainableParameters().entries()) {
        variable.assign(grads[parameters[i].variable.name]);
      }
      const renamed = publishedWeights(ours, names);
      for (const [name, gradient] of Object.entries(under(`${form}/gradients`))) {
        expect(renamed[name]).toBeAllClose(gradient, { absolute: 1e-4, relative: 1e-4 });
      }
      const back = publishedWeights(model, names);
      expect(Object.keys(back).toSorted()).toEqual(Object.keys(under(`${form}/weights`)).toSorted());
      for (const [name, tensor] of Object.entries(under(`${form}/weights`))) {
        expect(back[name]).toBeAllClose(tensor, { absolute: 0, relative: 0 });
      }
      tf.dispose([all, grads, renamed, back]);
      [model, ours].forEach((one) => one.dispose());
    },
  );

  it('shows what patches look at, and what the forecast looks at', () => {
    const model = createChronosBolt(config, 1);
    const { maps } = capture(() => model.forward(batch()));
    const shapes = maps.map(({ weights }) => weights.shape.slice(1).join());
    expect(shapes).toEqual(['2,4,4', '2,1,1', '2,1,4']); // three patches and the token; one step; which asks the four
    model.dispose();
  });

  it('refuses steps that are no whole patches, and published configs of what it has not', () => {
    const model = createChronosBolt(config, 1);
    expect(() => model.forward({ values: tf.zeros([1, 5]), observed: tf.ones([1, 5]) })).toThrow(
      'whole patches of 4], got [1,5]',
    );
    const chronos = published.plain.chronos_config as object;
    const of = (change: object) => () => chronosBoltConfigOf({ ...published.plain, ...change });
    expect(of({ chronos_config: { ...chronos, input_patch_stride: 2 } })).toThrow('patches do not overlap');
    expect(of({ feed_forward_proj: 'gated-relu' })).toThrow('feed_forward_proj');
    expect(of({ chronos_config: undefined })).toThrow('chronos_config');
  });
});

describe('readContext', () => {
  it('normalises what was observed, and fills up to whole patches at the beginning', () => {
    const { values, observed, centre, scale } = readContext(Float64Array.of(9, 1, NaN, 3), {
      lookBack: 3,
      patchLength: 4,
    });
    expect([centre, scale]).toEqual([2, 1]); // of 1 and 3: the 9 is too old
    expect([...values]).toEqual([0, -1, 0, 1]);
    expect([...observed]).toEqual([0, 1, 0, 1]);
  });

  it('is defined for constant series, one point, and nothing at all', () => {
    const of = (...values: number[]) => readContext(Float64Array.from(values), { lookBack: 8, patchLength: 4 });
    expect(of(5, 5).scale).toBe(1e-5);
    expect([...of(5).values]).toEqual([0, 0, 0, 0]);
    expect([of(NaN).centre, of(NaN).scale, of().scale]).toEqual([0, 1, 1]);
    expect(of(1e9 + 1, 1e9 - 1).scale).toBe(1);
  });
});
