import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { causal } from '../masks/causal.ts';
import { padding } from '../masks/padding.ts';
import { sigmoid } from '../normalisers/sigmoid.ts';
import { RotaryPositions } from '../positions/rotary.ts';
import { Random } from '../random/random.ts';
import { GeneralScore } from '../scores/general.ts';
import { expectParity } from '../structures/parity.test-support.ts';
import type { HeadPositions } from './head-positions.ts';
import { MultiHeadAttention, splitHeads } from './multi-head-attention.ts';

const random = new Random(3);
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
    expectParity('attention/multi-head-attention', layer, ({ x, memory, queryPositions, keyPositions, lengths }) => ({
      output: layer.forward(x, { memory, queryPositions, keyPositions, mask: lengthsOf(lengths) }),
    }));
  });

  it('gives the same for a prepared memory', () => {
    const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random });
    const [x, memory] = [normal(2, 3, 8), normal(2, 5, 8)];
    const prepared = layer.prepareMemory(memory);
    expect(layer.forward(x, { prepared })).toBeAllClose(layer.forward(x, { memory }));
  });

  it('has a bias at its output alone where it is asked for one, which is added to what it gives without', () => {
    const config = { modelWidth: 4, heads: 2, bias: false };
    const biased = new MultiHeadAttention({ ...config, outputBias: true, random: new Random(5) });
    const plain = new MultiHeadAttention({ ...config, random: new Random(5) });
    const names = biased.namedParameters().map(({ name }) => name);
    expect(names.filter((name) => name.endsWith('bias'))).toEqual(['output.bias']);
    const x = normal(2, 3, 4);
    expect(biased.forward(x)).toBeAllClose(tf.add(plain.forward(x), biased.output.bias!));
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

  it('gives the same with any bias of keys as without one, with and without a gradient', () => {
    const [biased, plain] = [true, false].map(
      (keyBias) => new MultiHeadAttention({ modelWidth: 8, heads: 2, keyBias, random }),
    );
    const { 'key.bias': _, ...state } = biased.stateDict();
    plain.loadStateDict(state);
    const x = normal(2, 4, 8);
    expect(plain.forward(x)).toBeAllClose(biased.forward(x));
    const gradient = (layer: MultiHeadAttention) => tf.grad((x) => tf.sum(tf.square(layer.forward(x))))(x);
    expect(gradient(plain)).toBeAllClose(gradient(biased), { absolute: 1e-5 });
  });

  it('does not know the order of keys without positions', () => {
    const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random });
    const x = normal(1, 5, 8);
    const order = tf.tensor1d([3, 0, 4, 2, 1], 'int32');
    const shuffled = layer.forward(tf.gather(x, order, 1));
    expect(shuffled).toBeAllClose(tf.gather(layer.forward(x), order, 1), { absolute: 1e-5 });
  });

  it('knows the order of keys with rotary positions, and only their distance from each other', () => {
    const layer = new MultiHeadAttention({
      modelWidth: 8,
      heads: 2,
      positions: new RotaryPositions({ headWidth: 4 }),
      random,
    });
    const x = normal(1, 5, 8);
    const order = tf.tensor1d([3, 0, 4, 2, 1], 'int32');
    expect(layer.forward(tf.gather(x, order, 1))).not.toBeAllClose(tf.gather(layer.forward(x), order, 1), {
      absolute: 1e-2,
    });
    const later: HeadPositions = { apply: (x) => layer.positions!.apply(x, 100) };
    const moved = new MultiHeadAttention({ modelWidth: 8, heads: 2, positions: later, random });
    moved.loadStateDict(layer.stateDict());
    expect(moved.forward(x)).toBeAllClose(layer.forward(x), { absolute: 1e-5 });
  });

  it('rejects heads that widths or key heads do not fit, naming them', () => {
    const rejects = (config: { modelWidth: number; heads: number; keyValueHeads?: number }, message: string) =>
      expect(() => new MultiHeadAttention({ ...config, random })).toThrow(message);
    rejects({ modelWidth: 10, heads: 4 }, 'modelWidth must be a multiple of heads, got modelWidth=10, heads=4');
    rejects(
      { modelWidth: 8, heads: 4, keyValueHeads: 3 },
      'heads must be a multiple of keyValueHeads, got heads=4, keyValueHeads=3',
    );
    rejects({ modelWidth: 8, heads: 0 }, 'heads must be a positive integer, got 0');
  });

  it("takes a score with weights of its own, which are the layer's too", () => {
    const score = new GeneralScore({ queryWidth: 4, keyWidth: 4, random });
    const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, score, normaliser: sigmoid(), random });
    expect(layer.namedParameters().map(({ name }) => name)).toContain('score.weight');
    const x = normal(1, 3, 8);
    const { maps } = capture(() => layer.forward(x));
    const query = splitHeads(layer.query.forward(x), 2);
    const key = splitHeads(layer.key.forward(x), 2);
    expect(maps[0].weights).toBeAllClose(tf.sigmoid(score.scores(query, key)), { absolute: 1e-5 });
  });
});
