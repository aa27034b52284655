import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

import { rightCalls, type Hostilities } from './own-ops.hostile.test-support.ts';
import { ownOps } from './own-ops.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: hostile inputs of Heed’s own TensorFlow ops, there is no native library\n');

const support = fileURLToPath(new URL('own-ops.hostile.test-support.ts', import.meta.url));

describe.runIf(native)('Heed’s own ops believe nothing of what they get', () => {
  it('and all of them are tried', () => {
    expect(Object.keys(rightCalls)).toEqual(Object.keys(ownOps));
  });

  it.each(Object.keys(ownOps))(
    '%s refuses inputs of wrong number, dtype, rank and size, and neither crashes nor hangs',
    async (op) => {
      const args = ['--conditions=@heed/source', '--import', import.meta.resolve('tsx'), support, op];
      // a process that crashes or takes longer fails the call
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
      const { tried, refusals } = JSON.parse(stdout) as Hostilities;
      expect(tried).toBeGreaterThan(30);
      expect(Object.keys(refusals).length).toBeGreaterThan(1);
    },
    90_000,
  );
});
