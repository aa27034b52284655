import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { padding } from '../masks/padding.ts';
import { Random } from '../random/random.ts';
import { expectParity } from './parity.test-support.ts';
import { Perceiver } from './perceiver.ts';

const random = new Random(3);
const normal = (...shape: number[]) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape);
const lengthsOf = (tensor: tf.Tensor) => padding(tensor as tf.Tensor1D);

describe('Perceiver', () => {
  const config = { latents: 3, modelWidth: 4, inputWidth: 5, heads: 2, layers: 1, hiddenWidth: 6, random };

  it('equals torch, reading twice with the same weights', () => {
    const layer = new Perceiver({ ...config, repeats: 2, activation: 'gelu' });
    expectParity('structures/perceiver', layer, ({ x, lengths }) => ({
      latents: layer.forward(x, { mask: lengthsOf(lengths) }),
    }));
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
