import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile, compiles, installCompiler } from './compile.ts';

describe('compile', () => {
  it('is the function itself where nothing records', () => {
    installCompiler(undefined);
    const doubled = compile((x: tf.Tensor) => tf.mul(x, 2), { limit: 3 });
    expect(compiles()).toBe(false);
    expect(doubled(tf.tensor1d([1, 2]))).toBeAllClose([2, 4]);
    expect(doubled.recordings).toBe(0);
    doubled.dispose();
  });
});
