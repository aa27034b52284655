import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../../maps/capture.ts';
import { causal } from '../../masks/causal.ts';
import { padding } from '../../masks/padding.ts';
import { Random } from '../../random/random.ts';
import { RandomStream } from '../../random/random-stream.ts';
import { CrossAttentionBlock } from './cross-attention-block.ts';
import { DecoderBlock } from './decoder-block.ts';
import { EncoderBlock } from './encoder-block.ts';
import { expectParity } from '../parity.test-support.ts';

const random = new Random(3);
const sizes = { modelWidth: 8, heads: 2, hiddenWidth: 12, random };
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('EncoderBlock', () => {
  it('equals torch.nn.TransformerEncoderLayer after normalisation, with ReLU', () => {
    const block = new EncoderBlock({ ...sizes, placement: 'post' });
    expectParity('structures/transformer-blocks/encoder-block-post', block, ({ x, lengths }) => ({
      output: block.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('equals torch.nn.TransformerEncoderLayer before normalisation, with GELU', () => {
    const block = new EncoderBlock({ ...sizes, activation: 'gelu' });
    expectParity('structures/transformer-blocks/encoder-block-pre', block, ({ x, lengths }) => ({
      output: block.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('equals torch with RMS normalisation and SiLU', () => {
    const block = new EncoderBlock({ ...sizes, norm: 'rms', activation: 'silu' });
    expectParity('structures/transformer-blocks/encoder-block-rms', block, ({ x, lengths }) => ({
      output: block.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('drops values in training only, the same ones for the same stream', () => {
    const block = new EncoderBlock({ ...sizes, dropout: 0.5 });
    const x = normal(2, 3, 8);
    const train = (step: number) => block.forward(x, { random: RandomStream.of(1, step) });
    expect(train(0)).toBeAllClose(train(0), { absolute: 0, relative: 0 });
    expect(train(0)).not.toBeAllClose(train(1));
    expect(block.forward(x)).toBeAllClose(block.forward(x), { absolute: 0, relative: 0 });
  });

  it('under a causal mask computes a prefix without its future', () => {
    const block = new EncoderBlock(sizes);
    const x = normal(1, 6, 8);
    const whole = block.forward(x, { mask: causal() });
    const prefix = block.forward(tf.slice(x, [0, 0, 0], [1, 4, 8]), { mask: causal() });
    expect(tf.slice(whole, [0, 0, 0], [1, 4, 8])).toBeAllClose(prefix, { absolute: 1e-5 });
  });
});

describe('DecoderBlock', () => {
  it('equals torch.nn.TransformerDecoderLayer after normalisation, with ReLU', () => {
    const block = new DecoderBlock({ ...sizes, placement: 'post' });
    expectParity('structures/transformer-blocks/decoder-block-post', block, ({ x, memory, memoryLengths }) => ({
      output: block.forward(x, { memory, memoryMask: lengthsOf(memoryLengths) }),
    }));
  });

  it('equals torch.nn.TransformerDecoderLayer before normalisation, with GELU', () => {
    const block = new DecoderBlock({ ...sizes, activation: 'gelu' });
    expectParity('structures/transformer-blocks/decoder-block-pre', block, ({ x, memory, memoryLengths }) => ({
      output: block.forward(x, { memory, memoryMask: lengthsOf(memoryLengths) }),
    }));
  });

  it('names its two maps, of which the first is causal unless all may be seen', () => {
    const [x, memory] = [normal(1, 3, 8), normal(1, 4, 8)];
    const causalBlock = new DecoderBlock({ ...sizes, name: 'layer 0' });
    const { maps } = capture(() => causalBlock.forward(x, { memory }));
    expect(maps.map(({ name, weights }) => [name, weights.shape])).toEqual([
      ['layer 0.self', [1, 2, 3, 3]],
      ['layer 0.cross', [1, 2, 3, 4]],
    ]);
    const future = (weights: tf.Tensor) => tf.slice(weights, [0, 0, 0, 2], [1, 2, 2, 1]);
    expect(future(maps[0].weights)).toBeAllClose(tf.zeros([1, 2, 2, 1]), { absolute: 0 });
    const open = new DecoderBlock({ ...sizes, sight: 'all' });
    const seen = capture(() => open.forward(x, { memory })).maps[0].weights;
    expect(tf.min(future(seen)).dataSync()[0]).toBeGreaterThan(0);
  });

  it('rejects being asked without a memory', () => {
    expect(() => new DecoderBlock(sizes).forward(normal(1, 2, 8), {})).toThrow(
      'DecoderBlock: either memory or prepared must be given, got neither',
    );
  });
});

describe('CrossAttentionBlock', () => {
  it('equals torch, its memory of another width normalised by itself', () => {
    const block = new CrossAttentionBlock({ ...sizes, memoryWidth: 6, activation: 'gelu' });
    expectParity('structures/transformer-blocks/cross-attention-block', block, ({ x, memory }) => ({
      output: block.forward(x, { memory }),
    }));
  });
});
