import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

describe.runIf(tf.getBackend() === 'tensorflow')('the recording compiler', () => {
  it('keeps as many recordings as `limit` says, tells how many there are, and frees them', async () => {
    const { recordingCompiler } = await import('./tensorflow-backend.ts');
    const doubled = recordingCompiler((x: tf.Tensor) => tf.mul(x, 2), { limit: 2 });
    expect(doubled.recordings).toBe(0);
    for (const length of [1, 2, 3]) {
      expect(doubled(tf.ones([length]))).toBeAllClose(Array.from({ length }, () => 2));
      expect(doubled.recordings).toBe(Math.min(length, 2));
    }
    doubled.dispose();
    expect(doubled.recordings).toBe(0);
  });
});
