import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectParity } from '../structures/parity.test-support.ts';
import { UnbiasedLayerNorm } from './unbiased-layer-norm.ts';

describe('UnbiasedLayerNorm', () => {
  it('equals the formula with torch.std', () => {
    const norm = new UnbiasedLayerNorm({ width: 5 });
    expectParity('layers/unbiased-layer-norm', norm, ({ x }) => ({ output: norm.forward(x) }));
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
