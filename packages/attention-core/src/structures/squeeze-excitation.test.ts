import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../maps/capture.ts';
import { Random } from '../random/random.ts';
import { expectParity } from './parity.test-support.ts';
import { SqueezeExcitation } from './squeeze-excitation.ts';

const random = new Random(3);

describe('SqueezeExcitation', () => {
  it('equals torch', () => {
    const layer = new SqueezeExcitation({ channels: 6, reduction: 3, random });
    expectParity('structures/squeeze-excitation', layer, ({ x }) => ({ output: layer.forward(x as tf.Tensor4D) }));
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
