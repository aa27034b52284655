/**
 * A contender's process: `worker.ts <file> <backend or none> <stock or heed>`. A line {"case": …, "measure": …} on stdin is answered by
 * a line {"value": …} or {"error": …}; each case is prepared once. {"measure": "outputs", "runs": …} asks for what the runs give.
 */
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { Measure } from './benchmark.ts';
import { median } from './median.ts';
import { startStock } from './start-stock.ts';

type Run = () => unknown;

interface Request {
  readonly case: unknown;
  readonly measure: Measure | 'outputs';
  readonly runs?: number;
}

/** How many numbers of a tensor stand for it. */
const NUMBERS = 256;
/** Milliseconds. Both are worker.py's too. */
const WARM_UP = 1000;
const TURN = 300;

const [file, backend, mode] = process.argv.slice(2);
if (mode === 'stock') await startStock(backend);
else if (backend !== 'none') {
  const { startBackend } = await import('@heed/node');
  await startBackend({ backend: backend as 'wasm', onMessage: () => undefined });
}
const { prepare } = (await import(pathToFileURL(file).href)) as { prepare: (given: unknown) => Run | Promise<Run> };
const prepared = new Map<string, Run>();
const given = new Map<string, number[]>();

async function answer({ case: asked, measure: what, runs = 1 }: Request): Promise<number | number[]> {
  const key = JSON.stringify(asked);
  if (what === 'outputs') return outputs(key, asked, runs);
  let run = prepared.get(key);
  if (run === undefined) {
    run = await prepare(asked);
    prepared.set(key, run);
    if (what === 'time') await timeRuns(run, WARM_UP); // engines compile what is run often
  }
  if (what === 'time') return timeTurn(run);
  if (what === 'tensors') return tensorsAtPeak(run);
  if (what === 'operations') return operations(run);
  const before = process.memoryUsage.rss();
  free(await run());
  return (process.resourceUsage().maxRSS * 1024 - before) / 1e6;
}

/** The median of a turn's runs, one after the other as in a loop; the first is not counted: it finds caches cold and threads asleep. */
async function timeTurn(run: Run): Promise<number> {
  await timeRuns(run, 0);
  return median(await timeRuns(run, TURN));
}

/** Runs until so many milliseconds are over, once at least. */
async function timeRuns(run: Run, duration: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + duration;
  do {
    const start = performance.now();
    const result = await run();
    times.push(performance.now() - start);
    free(result);
  } while (performance.now() < end);
  return times;
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

/** What the first runs of a case give; what training has changed since is made anew. */
async function outputs(key: string, asked: unknown, runs: number): Promise<number[]> {
  const known = given.get(`${runs} ${key}`);
  if (known !== undefined) return known;
  const run = await prepare(asked);
  prepared.set(key, run);
  const all: number[] = [];
  for (let i = 0; i < runs; i++) {
    const result = await run();
    all.push(...numbers(result));
    free(result);
  }
  given.set(`${runs} ${key}`, all);
  return all;
}

/** Evenly spaced numbers of each tensor of a result. */
function numbers(result: unknown): number[] {
  if (result instanceof tf.Tensor) return numbers(result.dataSync());
  if (ArrayBuffer.isView(result)) {
    const values = result as Float32Array;
    const stride = Math.ceil(values.length / NUMBERS);
    return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]);
  }
  return Object.values(result as object).flatMap(numbers);
}

/** How many operations TensorFlow is asked for; a compiled function is one. */
async function operations(run: Run): Promise<number> {
  const backend = tf.backend() as unknown as { binding?: { executeOp(...args: unknown[]): unknown } };
  const { binding } = backend;
  if (binding === undefined)
    throw new Error(`operations are counted on native TensorFlow only, got ${tf.getBackend()}`);
  let count = 0;
  const executeOp = (...args: unknown[]) => {
    count++;
    return binding.executeOp(...args);
  };
  backend.binding = Object.create(binding, { executeOp: { value: executeOp } }) as typeof binding;
  try {
    free(await run());
  } finally {
    backend.binding = binding;
  }
  return count;
}

function free(result: unknown): void {
  if (!ArrayBuffer.isView(result)) tf.dispose(result as tf.TensorContainer);
}

for await (const line of createInterface({ input: process.stdin })) {
  let said: object;
  try {
    said = { value: await answer(JSON.parse(line) as Request) };
  } catch (error) {
    said = { error: error instanceof Error ? error.message.split('\n')[0] : String(error) };
  }
  process.stdout.write(`\n@${JSON.stringify(said)}\n`);
}
