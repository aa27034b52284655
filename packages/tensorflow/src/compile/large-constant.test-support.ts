/**
 * A compiled function that uses a tensor of 3 GB from outside: prints what its calls give, and how the resident memory grew. The test
 * starts it as a process of its own, as allocators keep what they once had.
 */
import { pathToFileURL } from 'node:url';

import type { Tensor } from '@tensorflow/tfjs';

import { loadTensorflow } from '../load.ts';
import { compile } from './compile.ts';

export const LARGE_BYTES = 3 * 2 ** 30;

export interface LargeConstantRun {
  /** Of five calls with 0, 1, 2, …: before the last one the tensor was disposed by its owner. */
  readonly values: readonly number[];
  /** Bytes by which the process grew when the tensor was made, through the calls, and through another tensor made at the end. */
  readonly grown: { readonly making: number; readonly calls: number; readonly afterwards: number };
}

async function run(): Promise<LargeConstantRun> {
  const tf = await loadTensorflow();
  const { fill } = tf;
  const resident = () => process.memoryUsage().rss;
  const size = LARGE_BYTES / 4;
  const start = resident();
  const large = fill([size], 0.5);
  const made = resident();
  const compiled = compile((x: Tensor) => tf.add(tf.slice(large, [size - 1], [1]), x).asScalar());
  const values: number[] = [];
  for (let i = 0; i < 5; i++) {
    if (i === 4) large.dispose();
    values.push(compiled(tf.scalar(i)).dataSync()[0]!);
  }
  const called = resident();
  compiled.dispose();
  fill([size], 0.25).dispose(); // finds the room of the first, unless something still holds that
  return { values, grown: { making: made - start, calls: called - made, afterwards: resident() - called } };
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) process.stdout.write(`\n${JSON.stringify(await run())}`);
