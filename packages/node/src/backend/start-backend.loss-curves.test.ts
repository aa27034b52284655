import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readGolden, type LossCurves } from './loss-curve.test-support.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: the loss curves of native TensorFlow, tfjs-node is not the backend\n');

const RUNS = [...(native ? ['tensorflow compiled', 'tensorflow eager'] : []), 'wasm eager', 'cpu eager'];
/** Roundings differ from backend to backend, and a hundred steps carry them on. */
const WITHIN = 1e-3;

function train(run: string): Promise<LossCurves> {
  const script = fileURLToPath(new URL('loss-curve.test-support.ts', import.meta.url));
  const { HEED_BACKEND: _, ...env } = process.env; // it would overrule the script's own
  const args = ['--conditions=@heed/source', '--import', import.meta.resolve('tsx'), script, ...run.split(' ')];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text.stdout.trim().split('\n').at(-1)!) as LossCurves);
      else reject(new Error(`${run} ended with ${code}: ${text.stderr}`));
    });
  });
}

/** The largest |a − b| / |b| of two curves. */
function difference(one: readonly number[], other: readonly number[]): number {
  return Math.max(...other.map((loss, i) => Math.abs(one[i] - loss) / Math.abs(loss)));
}

// Processes that train, one after the other, take long while the machine is busy.
describe('the loss of a small Transformer over 100 steps', { timeout: 400_000 }, () => {
  const curves = new Map<string, LossCurves>();
  let torch: number[];
  beforeAll(async () => {
    for (const run of RUNS) curves.set(run, await train(run));
    torch = [...(await readGolden().losses.data())];
  }, 400_000);

  it.each(RUNS)('on %s is torch’s, with the same weights and batches', (run) => {
    const { plain } = curves.get(run)!;
    expect(plain).toHaveLength(100);
    expect(difference(plain, torch)).toBeLessThan(WITHIN);
    expect(plain[99]).toBeLessThan(plain[0] * 0.8); // it learns
  });

  it.each(RUNS.slice(1))(`on %s is that on ${RUNS[0]}, with dropout under the same seed`, (run) => {
    const reference = curves.get(RUNS[0])!;
    expect(difference(curves.get(run)!.dropout, reference.dropout)).toBeLessThan(WITHIN);
    expect(difference(reference.dropout, reference.plain)).toBeGreaterThan(10 * WITHIN); // dropout is on
  });

  it.runIf(native)('was computed by recorded functions where it says so, and only there', () => {
    expect(curves.get('tensorflow compiled')!.recordings).toBeGreaterThan(0);
    for (const run of RUNS.slice(1)) expect(curves.get(run)!.recordings).toBe(0);
  });
});
