import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { tensorflowVersion } from './install/platform.ts';
import { status } from './status.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: the status of a native library, there is none\n');

let project: string;
beforeEach(() => (project = mkdtempSync(join(tmpdir(), 'heed-status-'))));
afterEach(() => rmSync(project, { recursive: true, force: true }));

describe('status', () => {
  it('names the install command where tfjs-node is missing', async () => {
    expect(await status(project)).toMatchObject({
      loads: false,
      compiles: false,
      message: '@tensorflow/tfjs-node is not installed',
      mend: 'npm install --ignore-scripts @tensorflow/tfjs-node',
    });
  });

  it('gives the reason and the mending command where the binding does not load', async () => {
    const folder = join(project, 'node_modules', '@tensorflow', 'tfjs-node');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"version":"4.22.0","main":"index.js"}');
    writeFileSync(join(folder, 'index.js'), 'throw new Error("libtensorflow.so.2: cannot open shared object file")');
    expect(await status(project)).toMatchObject({
      loads: false,
      message: expect.stringMatching(/^tfjs-node 4\.22\.0 does not load: Error: libtensorflow\.so\.2: cannot open/),
      mend: 'npx heed-tensorflow install',
    });
  });

  it.runIf(native)('finds the library and the functions of a binding that Heed built', async () => {
    const found = await status();
    expect(found).toMatchObject({ loads: true, compiles: true, tensorflowVersion });
    expect(found.mend).toBeUndefined();
  });
});
