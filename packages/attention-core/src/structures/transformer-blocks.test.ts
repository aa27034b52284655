import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { MultiHeadAttention } from '../attention/multi-head-attention.ts';
import { UnbiasedLayerNorm } from '../layers/unbiased-layer-norm.ts';
import { capture } from '../maps/capture.ts';
import { causal } from '../masks/causal.ts';
import { padding } from '../masks/padding.ts';
import { Module } from '../module/module.ts';
import { Random } from '../random/random.ts';
import { RandomStream } from '../random/random-stream.ts';
import { CrossAttentionBlock } from './cross-attention-block.ts';
import { DecoderBlock } from './decoder-block.ts';
import { EncoderBlock } from './encoder-block.ts';
import { expectParity } from './parity.test-support.ts';

const random = new Random(3);
const sizes = { modelWidth: 8, heads: 2, hiddenWidth: 12, random };
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);

describe('MultiHeadAttention', () => {
  it('equals torch with grouped heads, wider values, another memory width and positions on queries and keys', () => {
    const layer = new MultiHeadAttention({
      modelWidth: 6,
      heads: 4,
      keyValueHeads: 2,
      headWidth: 3,
      valueHeadWidth: 5,
      memoryWidth: 7,
      random,
    });
    expectParity('multi-head-attention', layer, ({ x, memory, queryPositions, keyPositions, lengths }) => ({
      output: layer.forward(x, { memory, queryPositions, keyPositions, mask: lengthsOf(lengths) }),
    }));
  });

  it('gives the same for a prepared memory', () => {
    const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random });
    const [x, memory] = [normal(2, 3, 8), normal(2, 5, 8)];
    const prepared = layer.prepareMemory(memory);
    expect(layer.forward(x, { prepared })).toBeAllClose(layer.forward(x, { memory }));
  });

  it('has the weights of h single heads, concatenated and projected', () => {
    const layer = new MultiHeadAttention({ modelWidth: 6, heads: 3, bias: false, random });
    const x = normal(1, 4, 6);
    const part = (weights: tf.Tensor, head: number) => tf.slice(weights, [0, 2 * head], [6, 2]);
    const heads = [0, 1, 2].map((head) => {
      const single = new MultiHeadAttention({ modelWidth: 6, heads: 1, headWidth: 2, bias: false, random });
      single.loadStateDict({
        'query.weight': part(layer.query.weight, head),
        'key.weight': part(layer.key.weight, head),
        'value.weight': part(layer.value.weight, head),
        'output.weight': tf.slice(layer.output.weight, [2 * head, 0], [2, 6]),
      });
      return single.forward(x, { mask: causal() });
    });
    expect(tf.addN(heads)).toBeAllClose(layer.forward(x, { mask: causal() }), { absolute: 1e-5 });
  });

  it('does not know the order of keys without positions', () => {
    const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random });
    const x = normal(1, 5, 8);
    const order = tf.tensor1d([3, 0, 4, 2, 1], 'int32');
    const shuffled = layer.forward(tf.gather(x, order, 1));
    expect(shuffled).toBeAllClose(tf.gather(layer.forward(x), order, 1), { absolute: 1e-5 });
  });
});

describe('EncoderBlock', () => {
  it('equals torch.nn.TransformerEncoderLayer after normalisation, with ReLU', () => {
    const block = new EncoderBlock({ ...sizes, placement: 'post' });
    expectParity('encoder-block-post', block, ({ x, lengths }) => ({
      output: block.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('equals torch.nn.TransformerEncoderLayer before normalisation, with GELU', () => {
    const block = new EncoderBlock({ ...sizes, activation: 'gelu' });
    expectParity('encoder-block-pre', block, ({ x, lengths }) => ({
      output: block.forward(x, { mask: lengthsOf(lengths) }),
    }));
  });

  it('equals torch with RMS normalisation and SiLU', () => {
    const block = new EncoderBlock({ ...sizes, norm: 'rms', activation: 'silu' });
    expectParity('encoder-block-rms', block, ({ x, lengths }) => ({
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
    expectParity('decoder-block-post', block, ({ x, memory, memoryLengths }) => ({
      output: block.forward(x, { memory, memoryMask: lengthsOf(memoryLengths) }),
    }));
  });

  it('equals torch.nn.TransformerDecoderLayer before normalisation, with GELU', () => {
    const block = new DecoderBlock({ ...sizes, activation: 'gelu' });
    expectParity('decoder-block-pre', block, ({ x, memory, memoryLengths }) => ({
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
    expectParity('cross-attention-block', block, ({ x, memory }) => ({ output: block.forward(x, { memory }) }));
  });
});

class Normalised extends Module {
  readonly norm = new UnbiasedLayerNorm({ width: 5 });
}

describe('UnbiasedLayerNorm', () => {
  it('equals the formula with torch.std', () => {
    const model = new Normalised();
    expectParity('unbiased-layer-norm', model, ({ x }) => ({ output: model.norm.forward(x) }));
  });

  it('gives the bias and a finite gradient where all values are equal', () => {
    const norm = new UnbiasedLayerNorm({ width: 4 });
    const x = tf.mul(tf.ones([2, 4]), 3);
    expect(norm.forward(x)).toBeAllClose(tf.zeros([2, 4]));
    const gradient = tf.grad((x) => tf.sum(norm.forward(x)))(x);
    expect(tf.all(tf.isFinite(gradient)).dataSync()[0]).toBe(1);
    expect(() => new UnbiasedLayerNorm({ width: 1 })).toThrow('width must be at least 2, for a deviation, got 1');
  });
});
