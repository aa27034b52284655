/**
 * A contender's process: `worker.ts <file> <backend or none> <stock or heed> <full or quick>`. A line {"case": …, "measure": …} on stdin is
 * answered by a line {"value": …} or {"error": …}; each case is prepared once. {"measure": "outputs", "runs": …} asks for what the runs give.
 */
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type * as Tfjs from '@tensorflow/tfjs';
import type { Measure, Stages } from './benchmark.ts';
import { median } from './median.ts';
import type { Outputs } from './outputs.ts';

type Run = () => unknown;

interface Request {
  readonly case: unknown;
  readonly measure: Measure | 'outputs';
  readonly runs?: number;
}

const [file, backend, mode, form] = process.argv.slice(2);
const quick = form === 'quick';

/** How many numbers of a tensor stand for it. */
const NUMBERS = 256;
/** Milliseconds. These are worker.py's too. */
const WARM_UP = quick ? 0 : 1000;
const TURN = quick ? 0 : 300;
/** A run that takes so long needs none before it to wake threads and fill caches. */
const LONG = 1000;

// who computes without it shall not carry its weight
const tf: typeof Tfjs | undefined = backend === 'none' ? undefined : await import('@tensorflow/tfjs');
if (mode === 'stock') {
  const { startStock } = await import('./start-stock.ts');
  await startStock(backend);
} else if (tf !== undefined) {
  const { startBackend } = await import('@heed/node');
  await startBackend({ backend: backend as 'wasm', onMessage: () => undefined });
}
const { prepare } = (await import(pathToFileURL(file).href)) as { prepare: (given: unknown) => Run | Promise<Run> };
const started = peak();
const prepared = new Map<string, Run>();
const warm = new Set<string>();
const given = new Map<string, Outputs>();

async function answer({ case: asked, measure: what, runs = 1 }: Request): Promise<unknown> {
  const key = JSON.stringify(asked);
  if (what === 'outputs') return outputs(key, asked, runs);
  if (what === 'opening' || what === 'resident') return fresh(asked, what);
  const run = prepared.get(key) ?? (await prepare(asked));
  prepared.set(key, run);
  if (what === 'time') {
    if (!warm.has(key)) await timeRuns(run, WARM_UP); // engines compile what is run often
    warm.add(key);
    return timeTurn(run);
  }
  if (what === 'tensors') return tensorsAtPeak(run);
  if (what === 'operations') return operations(run);
  const before = process.memoryUsage.rss();
  free(await run());
  return peak() - before / 1e6;
}

/** The first run of a case from the beginning: its milliseconds, or the peak of resident memory, with what it gave. */
async function fresh(
  asked: unknown,
  what: 'opening' | 'resident',
): Promise<{ value: number; outputs: Outputs; stages?: Stages }> {
  const start = performance.now();
  const run = await prepare(asked);
  const opened = peak();
  const result = await run();
  const [time, memory] = [performance.now() - start, peak()];
  const outputs = outputsOf(result);
  free(result);
  return what === 'opening' ? { value: time, outputs } : { value: memory, outputs, stages: { started, opened } };
}

/** Of resident memory so far, in MB. */
function peak(): number {
  return (process.resourceUsage().maxRSS * 1024) / 1e6;
}

/**
 * The median of a turn's runs, one after the other as in a loop; the first is not counted unless it is long: it finds caches cold and
 * threads asleep.
 */
async function timeTurn(run: Run): Promise<number> {
  const [first] = await timeRuns(run, 0);
  return quick || first > LONG ? first : median(await timeRuns(run, TURN));
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
  const engine = requireTfjs('tensors').engine() as unknown as {
    readonly state: { readonly numBytes: number };
    trackTensor(tensor: Tfjs.Tensor, backend: Tfjs.KernelBackend): void;
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
async function outputs(key: string, asked: unknown, runs: number): Promise<Outputs> {
  const known = given.get(`${runs} ${key}`);
  if (known !== undefined) return known;
  const run = await prepare(asked);
  prepared.set(key, run);
  const all: Outputs[] = [];
  for (let i = 0; i < runs; i++) {
    const result = await run();
    all.push(outputsOf(result));
    free(result);
  }
  const together = { numbers: all.flatMap(({ numbers }) => numbers), texts: all.flatMap(({ texts }) => texts) };
  given.set(`${runs} ${key}`, together);
  return together;
}

/** The texts of a result, and evenly spaced numbers of each of its tensors. */
function outputsOf(result: unknown): Outputs {
  const [numbers, texts]: [number[], string[]] = [[], []];
  const collect = (part: unknown): void => {
    if (typeof part === 'string') texts.push(part);
    else if (tf !== undefined && part instanceof tf.Tensor) collect(part.dataSync());
    else if (ArrayBuffer.isView(part)) {
      const values = part as Float32Array;
      const stride = Math.ceil(values.length / NUMBERS);
      for (let i = 0; i < values.length; i += stride) numbers.push(values[i]);
    } else Object.values(part as object).forEach(collect);
  };
  collect(result);
  return { numbers, texts };
}

/** How many operations TensorFlow is asked for; a compiled function is one. */
async function operations(run: Run): Promise<number> {
  const tf = requireTfjs('operations');
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

function requireTfjs(measure: string): typeof Tfjs {
  if (tf === undefined) throw new Error(`${measure} are those of tfjs, got a contender without a backend`);
  return tf;
}

/** Disposes of the tensors of a result. */
function free(part: unknown): void {
  if (tf === undefined || typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return;
  if (part instanceof tf.Tensor) part.dispose();
  else Object.values(part).forEach(free);
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
