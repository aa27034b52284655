import { readFile } from 'node:fs/promises';
import { useBackend } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourcesChecksum } from '../../simd/build.ts';
import { Random } from '../random/random.ts';
import './index.ts';
import { simdOf } from './simd.ts';
import type { WasmBackend } from './wasm.ts';

const random = new Random(13);
const numbers = (shape: number[]) => random.normals(tf.util.sizeFromShape(shape));

let before: string;
beforeAll(async () => {
  before = tf.getBackend();
  await useBackend('wasm');
});
afterAll(async () => {
  await tf.setBackend(before);
});

interface Result {
  readonly shape: number[];
  readonly values: Float32Array;
}

async function resultOn(backend: 'wasm' | 'cpu', f: () => tf.Tensor): Promise<Result> {
  await tf.setBackend(backend);
  const y = f();
  const result = { shape: y.shape, values: y.dataSync() as Float32Array };
  await tf.setBackend('wasm');
  return result;
}

/**
 * The largest difference between what `f` gives on WASM and what `reference`, by default itself, gives on cpu, relative to
 * the number (at least 1).
 */
async function distanceToCpu(f: () => tf.Tensor, reference = f): Promise<number> {
  const [actual, expected] = [await resultOn('wasm', f), await resultOn('cpu', reference)];
  if (String(actual.shape) !== String(expected.shape)) return Infinity;
  const distances = actual.values.map((value, i) => {
    return Math.abs(value - expected.values[i]) / Math.max(1, Math.abs(expected.values[i]));
  });
  return distances.reduce((a, b) => Math.max(a, b), 0);
}

/** Sums of up to 600 terms, in another order. */
const TOLERANCE = 1e-4;

describe('matMul on WASM', () => {
  it('runs in the module of its own', () => {
    expect(simdOf(tf.backend() as WasmBackend)).toBeDefined();
  });

  it('equals that on cpu for every shape, transposition and spread of batches', async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 40 }));
    const batches = fc.constantFrom<[number[], number[]]>(
      [[], []],
      [[3], [3]],
      [[3], [1]],
      [[1], [2]],
      [
        [2, 3],
        [2, 3],
      ],
      [
        [2, 1],
        [1, 3],
      ],
      [[2, 3], [3]],
      [[], [2]],
    );
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        batches,
        async (m, n, k, tA, tB, [aBatch, bBatch]) => {
          const aShape = [...aBatch, ...(tA ? [k, m] : [m, k])];
          const bShape = [...bBatch, ...(tB ? [n, k] : [k, n])];
          const [a, b] = [numbers(aShape), numbers(bShape)];
          const spread = tf.broadcast_util.assertAndGetBroadcastShape(aBatch, bBatch);
          const distance = await distanceToCpu(
            () => tf.matMul(tf.tensor(a, aShape), tf.tensor(b, bShape), tA, tB),
            () => {
              // cpu's own spreading is wrong where both sides are spread
              const whole = (x: Float32Array, shape: number[]) =>
                tf.broadcastTo(tf.tensor(x, shape), [...spread, ...shape.slice(-2)]);
              return tf.matMul(whole(a, aShape), whole(b, bShape), tA, tB);
            },
          );
          expect(distance).toBeLessThan(TOLERANCE);
        },
      ),
      { numRuns: 150, seed: 4 },
    );
  });

  it('equals that on cpu where the matrices are larger than its blocks', async () => {
    for (const { m, n, k, transposed } of [
      { m: 261, n: 517, k: 259, transposed: true },
      { m: 5, n: 1030, k: 515, transposed: false },
      { m: 3, n: 17, k: 600, transposed: true },
    ]) {
      const aShape = transposed ? [k, m] : [m, k];
      const bShape = transposed ? [n, k] : [k, n];
      const [a, b] = [numbers(aShape), numbers(bShape)];
      const f = () => tf.matMul(tf.tensor(a, aShape), tf.tensor(b, bShape), transposed, transposed);
      expect(await distanceToCpu(f)).toBeLessThan(TOLERANCE);
    }
  });
});

describe('elementwise functions on WASM', () => {
  it('give exp within 3e-7 of the truth, 0 and infinity where float32 ends', () => {
    const x = [-1e30, -100, -87.3, -20.5, -1, -1e-5, 0, 1e-7, 0.5, 3, 88.7, 89, 1e30];
    const y = tf.exp(tf.tensor1d(x)).dataSync();
    expect(y[0]).toBe(0);
    expect(y[1]).toBe(0);
    expect(y.slice(-2)).toEqual(Float32Array.of(Infinity, Infinity));
    // the argument itself is rounded to float32, which at 88 alone makes 4e-6
    expect(y.slice(2, -2)).toBeAllClose(
      x.slice(2, -2).map((value) => Math.exp(Math.fround(value))),
      {
        absolute: 0,
        relative: 3e-7,
      },
    );
  });

  it('give tanh within 3e-7 of the truth', () => {
    const x = Array.from({ length: 401 }, (_, i) => Math.fround((i - 200) / 17));
    expect(tf.tanh(tf.tensor1d(x)).dataSync() as Float32Array).toBeAllClose(x.map(Math.tanh), {
      absolute: 3e-7,
      relative: 0,
    });
    expect(tf.tanh(tf.tensor1d([1e-20, -1e-20, 50, -1e30])).dataSync() as Float32Array).toBeAllClose(
      [1e-20, -1e-20, 1, -1],
      { absolute: 0, relative: 1e-6 },
    );
  });

  it('take minima and maxima as cpu does, whichever dimensions spread', async () => {
    const size = fc.integer({ min: 1, max: 5 });
    const kept = fc.array(fc.tuple(size, fc.constantFrom('alike', 'spread', 'spreading')), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(kept, fc.nat(3), async (dimensions, dropped) => {
        const a = dimensions.map(([size, how]) => (how === 'spread' ? 1 : size));
        const b = dimensions.map(([size, how]) => (how === 'spreading' ? 1 : size)).slice(dropped);
        const [x, y] = [numbers(a), numbers(b)];
        for (const op of [tf.minimum, tf.maximum]) {
          expect(await distanceToCpu(() => op(tf.tensor(x, a), tf.tensor(y, b)))).toBe(0);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

describe('sums and movements on WASM', () => {
  const shape = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 });

  it('equal those on cpu', async () => {
    await fc.assert(
      fc.asyncProperty(shape, fc.nat(), fc.nat(), async (shape, first, second) => {
        const x = numbers(shape);
        const [from, to] = [first % shape.length, second % shape.length].sort();
        const axes = Array.from({ length: to - from + 1 }, (_, i) => from + i);
        const order = [...shape.keys()].map((axis) => (axis + first) % shape.length);
        const begin = shape.map((size, axis) => (first + axis) % size);
        const size = shape.map((length, axis) => 1 + ((second + axis) % (length - begin[axis])));
        const indices = [first % shape[from], second % shape[from], 0];
        for (const f of [
          () => tf.sum(tf.tensor(x, shape), axes, first % 2 === 0),
          () => tf.mean(tf.tensor(x, shape), axes),
          () => tf.transpose(tf.tensor(x, shape), order),
          () => tf.slice(tf.tensor(x, shape), begin, size),
          () =>
            tf.tile(
              tf.tensor(x, shape),
              shape.map((_, axis) => 1 + ((second + axis) % 3)),
            ),
          () => tf.gather(tf.tensor(x, shape), tf.tensor1d(indices, 'int32'), from),
          () => tf.cast(tf.slice(tf.greater(tf.tensor(x, shape), 0), begin, size), 'float32'),
        ]) {
          expect(await distanceToCpu(f)).toBeLessThan(TOLERANCE);
        }
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('refuse an index that is not there', () => {
    expect(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([0, 3], 'int32'))).toThrow(
      'gather: indices must be in [0, 3), got 3',
    );
  });
});

describe('the module', () => {
  it('was compiled from its sources as they are', async () => {
    const text = await readFile(new URL('simd-module.ts', import.meta.url), 'utf8');
    expect(text, 'run `npx pnpm@12 --filter @heed/attention-core simd`').toContain(await sourcesChecksum());
  });

  it('also runs on shared memory, as tfjs has it where there are threads', () => {
    const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536, shared: true });
    const makeOutput = () => ({ dataId: {} });
    const dataIdMap = { get: () => ({ memoryOffset: 1024 }) };
    const simd = simdOf({ wasm: { asm: { memory } }, makeOutput, dataIdMap } as unknown as WasmBackend)!;
    const floats = new Float32Array(memory.buffer);
    floats.set([1, 2, 3, 4], 0);
    floats.set([5, 6, 7, 8], 4);
    const matrix = { batch: 0, row: 8, column: 4 };
    simd.matmul(1, [2, 2, 2], { at: 0, ...matrix }, { at: 16, ...matrix }, 32);
    expect(floats.slice(8, 12)).toBeAllClose([19, 22, 43, 50]);
  });
});
