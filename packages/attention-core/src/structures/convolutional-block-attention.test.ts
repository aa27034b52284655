import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { capture } from '../maps/capture.ts';
import { Random } from '../random/random.ts';
import { ConvolutionalBlockAttention } from './convolutional-block-attention.ts';
import { expectParity } from './parity.test-support.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('ConvolutionalBlockAttention', () => {
  it('equals torch', () => {
    const layer = new ConvolutionalBlockAttention({ channels: 6, reduction: 3, kernelSize: 3, random });
    expectParity('structures/convolutional-block-attention', layer, ({ x }) => ({
      output: layer.forward(x as tf.Tensor4D),
    }));
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
