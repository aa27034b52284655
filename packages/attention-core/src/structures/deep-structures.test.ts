import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { capture } from '../maps/capture.ts';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { ConvolutionalBlockAttention } from './convolutional-block-attention.ts';
import { GuidedAttention } from './guided-attention.ts';
import { expectParity } from './parity.test-support.ts';
import { Perceiver } from './perceiver.ts';
import { SqueezeExcitation } from './squeeze-excitation.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);

describe('GuidedAttention', () => {
  const config = { modelWidth: 4, heads: 2, layers: 2, hiddenWidth: 6, random };

  it("equals MCAN's encoder and decoder in torch", () => {
    const layer = new GuidedAttention(config);
    expectParity('guided-attention', layer, ({ guide, x, guideLengths, lengths }) =>
      layer.forward({ guide, x, guideMask: lengthsOf(guideLengths), mask: lengthsOf(lengths) }),
    );
  });

  it('shows every map by its name, and drops values in training only', () => {
    const layer = new GuidedAttention({ ...config, dropout: 0.5 });
    const inputs = { guide: normal(1, 3, 4), x: normal(1, 5, 4) };
    const { maps, result } = capture(() => layer.forward(inputs));
    expect(maps.map(({ name }) => name)).toEqual([
      'guide 0',
      'guide 1',
      'guided 0.self',
      'guided 0.cross',
      'guided 1.self',
      'guided 1.cross',
    ]);
    expect(layer.forward({ ...inputs, random: RandomStream.of(1, 0) }).x).not.toBeAllClose(result.x);
  });
});

describe('Perceiver', () => {
  const config = { latents: 3, modelWidth: 4, inputWidth: 5, heads: 2, layers: 1, hiddenWidth: 6, random };

  it('equals torch, reading twice with the same weights', () => {
    const layer = new Perceiver({ ...config, repeats: 2, activation: 'gelu' });
    expectParity('perceiver', layer, ({ x, lengths }) => ({ latents: layer.forward(x, { mask: lengthsOf(lengths) }) }));
  });

  it('reads inputs of any length into the same latents, in any order', () => {
    const layer = new Perceiver(config);
    const x = normal(2, 7, 5);
    const { maps, result } = capture(() => layer.forward(x));
    expect(result.shape).toEqual([2, 3, 4]);
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['read', [2, 1, 3, 7]],
      ['latents 0', [2, 2, 3, 3]],
    ]);
    const order = tf.tensor1d([6, 2, 4, 0, 1, 5, 3], 'int32');
    expect(layer.forward(tf.gather(x, order, 1))).toBeAllClose(result, { absolute: 1e-5 });
  });
});

describe('SqueezeExcitation', () => {
  it('equals torch', () => {
    const layer = new SqueezeExcitation({ channels: 6, reduction: 3, random });
    expectParity('squeeze-excitation', layer, ({ x }) => ({ output: layer.forward(x as tf.Tensor4D) }));
  });

  it('shows its gates, and has a hidden unit however few channels there are', () => {
    const layer = new SqueezeExcitation({ channels: 6, random });
    expect(layer.squeeze.weight.shape).toEqual([6, 1]);
    const x = tf.ones([2, 3, 4, 6]) as tf.Tensor4D;
    const { maps, result } = capture(() => layer.forward(x));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([['channels', [2, 1, 1, 6]]]);
    expect(tf.slice(result, [0, 1, 1, 0], [2, 1, 1, 6])).toBeAllClose(maps[0].weights);
  });
});

describe('ConvolutionalBlockAttention', () => {
  it('equals torch', () => {
    const layer = new ConvolutionalBlockAttention({ channels: 6, reduction: 3, kernelSize: 3, random });
    expectParity('convolutional-block-attention', layer, ({ x }) => ({ output: layer.forward(x as tf.Tensor4D) }));
  });

  it('shows gates for channels and for places', () => {
    const layer = new ConvolutionalBlockAttention({ channels: 8, random });
    const { maps } = capture(() => layer.forward(normal(2, 9, 5, 8) as tf.Tensor4D));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['channels', [2, 1, 1, 8]],
      ['places', [2, 1, 9, 5]],
    ]);
  });

  it('rejects a kernel without a middle', () => {
    expect(() => new ConvolutionalBlockAttention({ channels: 8, kernelSize: 4, random })).toThrow(
      'ConvolutionalBlockAttention: kernelSize must be odd, got 4',
    );
  });
});
