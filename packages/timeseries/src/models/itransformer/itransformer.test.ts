import { capture } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradients, readGolden, unevenSum } from '../golden.test-support.ts';
import type { WindowBatch } from '../window-batch.ts';
import { createITransformer, type ITransformerConfig } from './itransformer.ts';

const config: ITransformerConfig = {
  lookBack: 12,
  horizon: 5,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  hiddenWidth: 6,
  dropout: 0,
  knownFuture: true,
};
const wave = (shape: [number, number, number]) =>
  tf.reshape(tf.sin(tf.range(0, shape[0] * shape[1] * shape[2])), shape);
const batch = () =>
  ({ past: wave([2, 3, 12]), pastOnly: wave([2, 2, 12]), knownFuture: wave([2, 1, 17]) }) as Required<WindowBatch>;
const target = () => tf.reshape(tf.cos(tf.range(0, 30)), [2, 3, 5]);

describeModelContract('ITransformer', {
  config: { ...config, layers: 1 },
  overfit: { learningRate: 0.03, steps: 50 },
  create: createITransformer,
  batch,
  forward: (model, given) => model.forward(given as WindowBatch),
  outputShape: [2, 3, 5],
  loss: (model, given) => tf.tidy(() => tf.mean(tf.square(tf.sub(model.forward(given as WindowBatch), target())))),
});

describe('ITransformer', () => {
  it("equals torch's TransformerEncoderLayer over series: forecasts and gradients", () => {
    // made by tooling/golden/timeseries-models.py
    const { all, under } = readGolden(new URL('itransformer.golden.safetensors', import.meta.url));
    const model = createITransformer(config, 1);
    model.loadStateDict(under('weights'));
    const forward = () => model.forward(under('input') as unknown as WindowBatch);
    expect(forward()).toBeAllClose(all.output, { absolute: 1e-5, relative: 1e-5 });
    expectGradients(model, () => unevenSum(forward()), under('gradients'), { absolute: 1e-5, relative: 1e-5 });
    tf.dispose(all);
    model.dispose();
  });

  it('shows how much each series looks at each other one', () => {
    const model = createITransformer(config, 1);
    const { maps } = capture(() => model.forward(batch()));
    expect(maps.map(({ name, weights }) => [name, ...weights.shape])).toEqual([
      ['layer 1', 2, 2, 6, 6],
      ['layer 2', 2, 2, 6, 6],
    ]);
    model.dispose();
  });

  it('refuses windows that have other columns than it reads', () => {
    const { past, knownFuture } = batch();
    expect(() => createITransformer(config, 1).forward({ past })).toThrow(
      'knownFuture must be given if the config has it',
    );
    const without = createITransformer({ ...config, knownFuture: false }, 1);
    expect(() => without.forward({ past, knownFuture })).toThrow('got config=false');
    expect(() => createITransformer({ ...config, heads: 3 }, 1)).toThrow('must be a multiple of heads, got 8');
  });
});
