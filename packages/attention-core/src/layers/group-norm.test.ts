import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import '../kernels/index.ts';
import { expectParity } from '../structures/parity.test-support.ts';
import { GroupNorm } from './group-norm.ts';

describe('GroupNorm', () => {
  it.each([
    ['group-norm-image', 2],
    ['group-norm-sequence', 3],
  ])('equals torch in values and gradients: %s', (name, groups) => {
    const norm = new GroupNorm({ channels: 6, groups });
    expectParity(`layers/${name}`, norm, ({ x }) => ({ output: norm.forward(x) }));
  });

  it('refuses groups that do not divide the channels, and other channels', () => {
    expect(() => new GroupNorm({ channels: 6, groups: 4 })).toThrow(
      'GroupNorm: groups must divide channels, got groups=4, channels=6',
    );
    expect(() => new GroupNorm({ channels: 6, groups: 2 }).forward(tf.zeros([2, 5]))).toThrow(
      'GroupNorm: x must be [B, ..., 6], got [2,5]',
    );
  });
});
