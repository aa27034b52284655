/**
 * A contender's process: `worker.ts <file> <backend or none> <stock or heed>`. A line {"case": …, "measure": …} on stdin is answered by
 * a line {"value": …} or {"error": …}; each case is prepared once.
 */
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { Measure } from './benchmark.ts';
import { startStock } from './start-stock.ts';

type Run = () => unknown;

const [file, backend, mode] = process.argv.slice(2);
if (mode === 'stock') await startStock(backend);
else if (backend !== 'none') {
  const { startBackend } = await import('@heed/node');
  await startBackend({ backend: backend as 'wasm', onMessage: () => undefined });
}
const { prepare } = (await import(pathToFileURL(file).href)) as { prepare: (given: unknown) => Run | Promise<Run> };
const prepared = new Map<string, Run>();

async function measure(given: unknown, what: Measure): Promise<number> {
  const key = JSON.stringify(given);
  let run = prepared.get(key);
  if (run === undefined) {
    run = await prepare(given);
    prepared.set(key, run);
    if (what === 'time') free(await run()); // engines compile what is run often
  }
  if (what === 'tensors') return tensorsAtPeak(run);
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const result = await run();
  const time = performance.now() - start;
  free(result);
  return what === 'time' ? time : (process.resourceUsage().maxRSS * 1024 - before) / 1e6;
}

/** `tf.profile` would do, but for its limit of some hundred thousand operations. */
async function tensorsAtPeak(run: Run): Promise<number> {
  const engine = tf.engine() as unknown as {
    readonly state: { readonly numBytes: number };
    trackTensor(tensor: tf.Tensor, backend: tf.KernelBackend): void;
  };
  const { trackTensor } = engine;
  const before = engine.state.numBytes;
  let peak = before;
  engine.trackTensor = (...made) => {
    trackTensor.apply(engine, made);
    peak = Math.max(peak, engine.state.numBytes);
  };
  try {
    free(await run());
  } finally {
    engine.trackTensor = trackTensor;
  }
  return (peak - before) / 1e6;
}

function free(result: unknown): void {
  tf.dispose(result as tf.TensorContainer);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { case: given, measure: what } = JSON.parse(line) as { case: unknown; measure: Measure };
  let answer: object;
  try {
    answer = { value: await measure(given, what) };
  } catch (error) {
    answer = { error: error instanceof Error ? error.message.split('\n')[0] : String(error) };
  }
  process.stdout.write(`\n@${JSON.stringify(answer)}\n`);
}
