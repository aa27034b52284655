import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import * as tfjs from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { loadTensorflow } from './load.ts';

const native = tfjs.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: loading the native library, there is none\n');

describe.runIf(native)('loadTensorflow', () => {
  it('gives the same tfjs that an import gives, on the native backend', async () => {
    const tf = await loadTensorflow();
    expect(tf.getBackend()).toBe('tensorflow');
    expect(tf.scalar(2)).toBeInstanceOf(tfjs.Tensor);
  });

  it('rounds int32 tensors to themselves, where TensorFlow gives zeros, and floats to even', async () => {
    const tf = await loadTensorflow();
    tf.tidy(() => {
      expect(tf.round(tf.tensor1d([-3, 0, 7], 'int32')).arraySync()).toEqual([-3, 0, 7]);
      expect(tf.round(tf.tensor1d([0.5, 1.5, -2.6])).arraySync()).toEqual([0, 2, -3]);
    });
  });

  it('keeps TensorFlow’s start-up lines off stderr and lets everything else through', async () => {
    const script = `
      import { loadTensorflow } from ${JSON.stringify(new URL('./load.ts', import.meta.url).href)};
      const tf = await loadTensorflow();
      process.stdout.write(String(tf.scalar(3).square().dataSync()[0]));
      process.stderr.write('mine');
    `;
    const args = [
      '--conditions=@heed/source',
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '-e',
      script,
    ];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect([stdout, stderr]).toEqual(['9', 'mine']);
  });
});
