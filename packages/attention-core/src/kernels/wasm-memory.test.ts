import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import './index.ts';

const wasm = tf.getBackend() === 'wasm';

describe.runIf(wasm)('memory on WASM', () => {
  it('that is not there is an error, and other tensors keep their numbers', () => {
    const filled = (shape: number[], value: number) => tf.mul(tf.ones(shape), value);
    const kept = filled([1000], 7);
    const { numTensors } = tf.memory();
    // all but 64 kB of the heap; 5.03 GB, of which 32 bits keep 0.74
    for (const rows of [65_535, 76_800]) {
      expect(() => tf.ones([rows, 16_384])).toThrow(/^WASM: out of memory, a tensor needs \d{10} bytes more than/);
    }
    expect(kept.dataSync().every((number) => number === 7)).toBe(true);
    expect(filled([3], 5).dataSync()).toEqual(Float32Array.of(5, 5, 5));
    expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(2);
  });
});
