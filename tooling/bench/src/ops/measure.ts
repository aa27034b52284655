/** Runs every case on one backend and prints what came of it: `measure.ts <backend> [stock]`, started by `table.ts`. */
import * as tf from '@tensorflow/tfjs';
import { startStock } from '../start-stock.ts';
import { groups } from './cases/groups.ts';
import { differences, distance, tryOp } from './try-op.ts';

export interface Measured {
  /** The value and all gradients, the value alone, something false, or nothing at all. */
  readonly support: 'trains' | 'value' | 'wrong' | 'none';
  /** Kernels and gradients of Heed's among those that ran. */
  readonly own: readonly string[];
}

export type MeasuredOps = Readonly<Record<string, Measured>>;

/** float32 sums of a few dozen terms. */
const VALUE_TOLERANCE = 1e-5;
/** Central differences of step 1e-2 in float32. */
const GRADIENT_TOLERANCE = 5e-3;

async function start(backend: string, stock: boolean): Promise<void> {
  if (stock) return startStock(backend);
  const { startBackend } = await import('@heed/node');
  await startBackend({ backend: backend as 'wasm', onMessage: () => undefined });
}

/** The kernels and gradients that stand registered, to be compared by identity. */
function registered(backend: string): Map<string, unknown> {
  const names = ['cpu', backend].flatMap((of) =>
    (tf.getKernelsForBackend(of) ?? []).map(({ kernelName }) => kernelName),
  );
  const entries = names.flatMap((name): [string, unknown][] => [
    [name, tf.getKernel(name, backend)?.kernelFunc],
    [`gradient of ${name}`, tf.getGradient(name)?.gradFunc],
  ]);
  return new Map(entries);
}

async function measure(backend: string, stock: boolean): Promise<MeasuredOps> {
  if (backend !== 'tensorflow') await startStock(backend);
  const before = registered(backend);
  await start(backend, stock);
  const after = registered(backend);
  const own = new Set(
    [...after].filter(([name, f]) => f !== undefined && before.get(name) !== f).map(([name]) => name),
  );

  const { kernels: ofTryingItself } = await tryOp({ name: 'identity', inputs: () => [tf.ones([2])], f: tf.clone });
  ofTryingItself.forEach((name) => own.delete(name));
  const results: Record<string, Measured> = {};
  for (const opCase of groups.flatMap((group) => group.cases)) {
    await tf.setBackend('cpu');
    const expected = tf.tidy(() => Float32Array.from(opCase.f(...opCase.inputs()).dataSync()));
    const slopes = differences(opCase);
    await tf.setBackend(backend);
    const { value, gradients, kernels } = await tryOp(opCase);
    const used = kernels.flatMap((name) => [name, `gradient of ${name}`]).filter((name) => own.has(name));
    results[opCase.name] = { support: support(value, gradients), own: backend === 'tensorflow' ? [] : used };

    function support(value?: Float32Array, gradients?: readonly Float32Array[]): Measured['support'] {
      if (value === undefined) return 'none';
      if (distance(value, expected) > VALUE_TOLERANCE) return 'wrong';
      if (gradients === undefined) return 'value';
      return gradients.every((gradient, i) => distance(gradient, slopes[i]) < GRADIENT_TOLERANCE) ? 'trains' : 'wrong';
    }
  }
  return results;
}

const [backend, mode] = process.argv.slice(2);
process.stdout.write(`\n${JSON.stringify(await measure(backend, mode === 'stock'))}\n`);
