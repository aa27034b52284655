import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../../kernels/index.ts';
import { Module } from '../../module/module.ts';
import { Random } from '../../random/random.ts';
import { expectParity } from '../../structures/parity.test-support.ts';
import { Conv1d, type Conv1dConfig } from './conv1d.ts';
import { Conv2d, type Conv2dConfig } from './conv2d.ts';
import { DepthwiseConv1d, type DepthwiseConv1dConfig } from './depthwise-conv1d.ts';
import { DepthwiseConv2d, type DepthwiseConv2dConfig } from './depthwise-conv2d.ts';
import { averagePool2d, maxPool2d } from './pooling.ts';

const random = new Random(5);

/** What is compared with the torch twin in tooling/golden/convolutions.py, in values and gradients by x and by the weights. */
const output =
  (layer: { forward(x: tf.Tensor): tf.Tensor }) =>
  ({ x }: Record<string, tf.Tensor>) => ({ output: layer.forward(x) });

describe('Conv1d', () => {
  const sizes = { inputs: 3, outputs: 4, kernelSize: 3, random };
  it.each<[string, Partial<Conv1dConfig>]>([
    ['conv1d-valid', {}],
    ['conv1d-strided', { kernelSize: 4, stride: 3, padding: [1, 2] }],
    ['conv1d-causal', { dilation: 2, padding: 'causal' }],
    ['conv1d-strided-dilated', { inputs: 2, outputs: 3, stride: 2, dilation: 3, padding: 2, bias: false }],
    ['conv1d-groups', { inputs: 4, outputs: 6, groups: 2, padding: 'same' }],
  ])('equals torch in values and gradients: %s', (name, config) => {
    const layer = new Conv1d({ ...sizes, ...config });
    expectParity(`layers/convolution/${name}`, layer, output(layer));
  });

  it('with causal padding sees nothing later, however it is dilated', () => {
    const layer = new Conv1d({ ...sizes, dilation: 3, padding: 'causal' });
    const x = tf.tensor(random.normals(2 * 12 * 3), [2, 12, 3]);
    const prefix = layer.forward(tf.slice(x, [0, 0, 0], [2, 8, 3]));
    expect(tf.slice(layer.forward(x), [0, 0, 0], [2, 8, 4])).toBeAllClose(prefix, { absolute: 1e-6 });
  });

  it('starts uniform in ±1/√(kernel size · inputs of a group)', () => {
    const { weight, bias } = new Conv1d({ inputs: 32, outputs: 64, kernelSize: 4, groups: 2, random });
    expect(tf.max(tf.abs(weight)).dataSync()[0]).toBeLessThanOrEqual(1 / 8);
    expect(tf.max(tf.abs(bias!)).dataSync()[0]).toBeLessThanOrEqual(1 / 8);
    // the variance of a uniform distribution of half width a is a²/3; three standard errors of 4,096 numbers are 4 %
    expect(tf.mean(tf.square(weight)).dataSync()[0] / (1 / 64 / 3)).toBeCloseTo(1, 1);
  });

  it('refuses what does not fit, with the value', () => {
    const layer = new Conv1d(sizes);
    expect(() => layer.forward(tf.zeros([2, 5, 4]))).toThrow('Conv1d: x must be [B, T, 3], got [2,5,4]');
    expect(() => layer.forward(tf.zeros([2, 2, 3]))).toThrow('must have the 3 positions of the kernel at least');
    expect(() => new Conv1d({ ...sizes, groups: 2 })).toThrow(
      'Conv1d: groups must divide inputs and outputs, got groups=2, inputs=3, outputs=4',
    );
    expect(() => new Conv1d({ ...sizes, padding: [1, -1] })).toThrow(
      'Conv1d: padding must be of non-negative integers, got [1,-1]',
    );
  });
});

describe('Conv2d', () => {
  const sizes = { inputs: 3, outputs: 4, kernelSize: 3, random };
  it.each<[string, Partial<Conv2dConfig>]>([
    ['conv2d-valid', { kernelSize: [3, 2] }],
    ['conv2d-strided', { stride: 2, padding: 1 }],
    [
      'conv2d-uneven',
      {
        inputs: 2,
        outputs: 3,
        kernelSize: [3, 2],
        stride: [3, 1],
        bias: false,
        padding: [
          [2, 0],
          [0, 1],
        ],
      },
    ],
    ['conv2d-dilated', { dilation: 2, padding: 'same' }],
    ['conv2d-groups', { inputs: 4, outputs: 6, groups: 2, padding: 'same' }],
  ])('equals torch in values and gradients: %s', (name, config) => {
    const layer = new Conv2d({ ...sizes, ...config });
    expectParity(`layers/convolution/${name}`, layer, output(layer));
  });

  it('refuses strides together with dilation, and images smaller than the kernel', () => {
    expect(() => new Conv2d({ ...sizes, stride: 2, dilation: 2 })).toThrow(
      'Conv2d: stride or dilation must be 1, got stride=[2,2], dilation=[2,2]',
    );
    expect(() => new Conv2d({ ...sizes, padding: 1, kernelSize: 5 }).forward(tf.zeros([1, 8, 2, 3]))).toThrow(
      'Conv2d: x with its padding must have the 5 columns of the kernel at least, got [1,8,2,3] and [1,1]',
    );
  });
});

describe('DepthwiseConv1d', () => {
  const sizes = { channels: 3, kernelSize: 3, random };
  it.each<[string, Partial<DepthwiseConv1dConfig>]>([
    ['depthwise-conv1d', { kernelSize: 4, multiplier: 2, padding: 'same' }],
    ['depthwise-conv1d-strided', { stride: 2, padding: 1 }],
    ['depthwise-conv1d-causal', { dilation: 3, padding: 'causal' }],
  ])('equals torch in values and gradients: %s', (name, config) => {
    const layer = new DepthwiseConv1d({ ...sizes, ...config });
    expectParity(`layers/convolution/${name}`, layer, output(layer));
  });
});

describe('DepthwiseConv2d', () => {
  const sizes = { channels: 3, kernelSize: 3, random };
  it.each<[string, Partial<DepthwiseConv2dConfig>]>([
    ['depthwise-conv2d', { multiplier: 2, padding: 'same' }],
    ['depthwise-conv2d-strided', { stride: 2, padding: 1 }],
    [
      'depthwise-conv2d-dilated',
      {
        kernelSize: [3, 2],
        dilation: [3, 2],
        padding: [
          [3, 3],
          [0, 2],
        ],
      },
    ],
  ])('equals torch in values and gradients: %s', (name, config) => {
    const layer = new DepthwiseConv2d({ ...sizes, ...config });
    expectParity(`layers/convolution/${name}`, layer, output(layer));
  });
});

describe('pooling', () => {
  class Pooling extends Module {}
  it.each<[string, (x: tf.Tensor) => tf.Tensor]>([
    ['max-pooling', (x) => maxPool2d(x, { windowSize: 3, stride: 2, padding: 1 })],
    ['average-pooling', (x) => averagePool2d(x, { windowSize: 3, stride: 2, padding: 1 })],
    ['average-pooling-same', (x) => averagePool2d(x, { windowSize: 3, stride: 1, padding: 'same' })],
  ])('equals torch in values and gradients, windows over the border: %s', (name, pool) => {
    expectParity(`layers/convolution/${name}`, new Pooling(), ({ x }) => ({ output: pool(x) }));
  });

  it('of negative numbers takes no padding for the greatest', () => {
    const pooled = maxPool2d(tf.mul(tf.ones([1, 2, 2, 1]), -5), { windowSize: 2, padding: 1 });
    expect(pooled).toBeAllClose(tf.mul(tf.ones([1, 2, 2, 1]), -5));
  });
});
