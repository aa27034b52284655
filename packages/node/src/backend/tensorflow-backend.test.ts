import { capture } from '@heed/attention-core';
import { compile, compiles, installCompiler } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe.runIf(tf.getBackend() === 'tensorflow')('compile on native TensorFlow', () => {
  beforeEach(async () => installCompiler((await import('./tensorflow-backend.ts')).recordingCompiler));
  afterEach(() => installCompiler(undefined));

  it('keeps as many recordings as `limit` says, tells how many there are, and frees them', async () => {
    const doubled = compile((x: tf.Tensor) => tf.mul(x, 2), { limit: 2 });
    expect([compiles(), doubled.recordings]).toEqual([true, 0]);
    for (const length of [1, 2, 3]) {
      expect(doubled(tf.ones([length]))).toBeAllClose(Array.from({ length }, () => 2));
      expect(doubled.recordings).toBe(Math.min(length, 2));
    }
    doubled.dispose();
    expect(doubled.recordings).toBe(0);
  });

  it('records nothing while maps are captured', async () => {
    const doubled = compile((x: tf.Tensor) => tf.mul(x, 2));
    await capture(() => doubled(tf.ones([2])));
    expect(doubled.recordings).toBe(0);
    doubled.dispose();
  });
});
