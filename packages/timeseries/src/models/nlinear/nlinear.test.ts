import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectGradients, readGolden, unevenSum } from '../golden.test-support.ts';
import { createNLinear } from './nlinear.ts';

const config = { lookBack: 12, horizon: 5 };
const batch = () => ({ past: tf.reshape(tf.sin(tf.square(tf.range(0, 72))), [2, 3, 12]) as tf.Tensor3D });
const target = () => tf.reshape(tf.cos(tf.range(0, 30)), [2, 3, 5]);

describeModelContract('NLinear', {
  config,
  create: createNLinear,
  batch,
  forward: (model, given) => model.forward(given),
  outputShape: [2, 3, 5],
  overfit: { learningRate: 0.1 },
  loss: (model, given) => tf.tidy(() => tf.mean(tf.square(tf.sub(model.forward(given), target())))),
});

describe('NLinear', () => {
  it("equals torch's: forecasts and gradients", () => {
    // made by tooling/golden/timeseries-models.py
    const { all, under } = readGolden(new URL('nlinear.golden.safetensors', import.meta.url));
    const model = createNLinear(config, 1);
    model.loadStateDict(under('weights'));
    const forward = () => model.forward({ past: all['input/past'] as tf.Tensor3D });
    expect(forward()).toBeAllClose(all.output, { absolute: 1e-5, relative: 1e-5 });
    expectGradients(model, () => unevenSum(forward()), under('gradients'), { absolute: 1e-5, relative: 1e-5 });
    tf.dispose(all);
    model.dispose();
  });

  it('refuses sizes out of range, naming them', () => {
    expect(() => createNLinear({ ...config, lookBack: 0 }, 1)).toThrow('NLinear: lookBack');
  });
});
