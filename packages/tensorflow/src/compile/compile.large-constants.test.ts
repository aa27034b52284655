import { execFile } from 'node:child_process';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { LARGE_BYTES, type LargeConstantRun } from './large-constant.test-support.ts';

const able = tf.getBackend() === 'tensorflow' && freemem() > 2 * LARGE_BYTES;
if (!able) process.stdout.write('skipped: a constant of 3 GB, which needs tfjs-node and 6 GB of free memory\n');

async function run(): Promise<LargeConstantRun> {
  const script = fileURLToPath(new URL('large-constant.test-support.ts', import.meta.url));
  const node = ['--conditions=@heed/source', '--import', import.meta.resolve('tsx'), script];
  const { stdout } = await promisify(execFile)(process.execPath, node);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as LargeConstantRun;
}

describe.runIf(able)('a compiled function with a constant of 3 GB', { timeout: 120_000 }, () => {
  // A message of TensorFlow, which a function is registered by, holds 2 GB at most.
  it('holds it where it is, through its owner’s dispose, and lets go of it', async () => {
    const { values, grown } = await run();
    expect(values).toEqual([0.5, 1.5, 2.5, 3.5, 4.5]);
    expect(grown.making).toBeGreaterThan(0.9 * LARGE_BYTES);
    expect(grown.calls).toBeLessThan(LARGE_BYTES / 10);
    expect(grown.afterwards).toBeLessThan(LARGE_BYTES / 10);
  });
});
