import { useBackend } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../random/random.ts';
import './index.ts';

const random = new Random(11);
const numbers = (shape: number[]) => random.normals(tf.util.sizeFromShape(shape));

let before: string;
beforeAll(async () => {
  before = tf.getBackend();
  await useBackend('wasm');
});
afterAll(async () => {
  await tf.setBackend(before);
});

/** The results of `f` on a backend, as plain numbers. */
async function on(backend: 'wasm' | 'cpu', f: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const results = tf.tidy(() => f().map((tensor) => Float32Array.from(tensor.dataSync())));
  await tf.setBackend('wasm');
  return results;
}

/** Asserts that WASM gives what cpu gives; sums of up to a few hundred terms differ by their order. */
async function expectWasmAsCpu(f: () => tf.Tensor[]): Promise<void> {
  const expected = await on('cpu', f);
  const actual = await on('wasm', f);
  actual.forEach((values, i) => expect(values).toBeAllClose(expected[i], { absolute: 2e-5, relative: 1e-4 }));
}

const size = (max: number) => fc.integer({ min: 1, max });
const padding = fc.constantFrom('same' as const, 'valid' as const);

describe('kernels for WASM', () => {
  it('give the gradients of convolutions that cpu gives', async () => {
    const shapes = fc.record({ batch: size(3), height: size(8), width: size(8), inputs: size(5), outputs: size(9) });
    await fc.assert(
      fc.asyncProperty(shapes, size(3), size(3), size(2), padding, async (shape, rows, columns, stride, pad) => {
        fc.pre(pad === 'same' || (rows <= shape.height && columns <= shape.width));
        const xShape = [shape.batch, shape.height, shape.width, shape.inputs];
        const [x, w] = [numbers(xShape), numbers([rows, columns, shape.inputs, shape.outputs])];
        await expectWasmAsCpu(() =>
          tf.grads((x, w) => tf.sum(tf.square(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad))))([
            tf.tensor(x, xShape),
            tf.tensor(w, [rows, columns, shape.inputs, shape.outputs]),
          ]),
        );
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('give the gradients of depthwise convolutions that cpu gives', async () => {
    const shapes = fc.record({ batch: size(2), height: size(7), width: size(7), inputs: size(4), multiplier: size(3) });
    await fc.assert(
      fc.asyncProperty(shapes, size(3), size(3), size(2), padding, async (shape, rows, columns, stride, pad) => {
        fc.pre(pad === 'same' || (rows <= shape.height && columns <= shape.width));
        const xShape = [shape.batch, shape.height, shape.width, shape.inputs];
        const wShape = [rows, columns, shape.inputs, shape.multiplier];
        const [x, w] = [numbers(xShape), numbers(wShape)];
        await expectWasmAsCpu(() =>
          tf.grads((x, w) => tf.sum(tf.square(tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad))))([
            tf.tensor(x, xShape),
            tf.tensor(w, wShape),
          ]),
        );
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  it('give the gradients of max pooling that cpu gives', async () => {
    const shapes = fc.record({ batch: size(2), height: size(7), width: size(7), channels: size(5) });
    await fc.assert(
      fc.asyncProperty(shapes, size(3), size(3), padding, async (shape, window, stride, pad) => {
        fc.pre(pad === 'same' || (window <= shape.height && window <= shape.width));
        const xShape = [shape.batch, shape.height, shape.width, shape.channels];
        const x = numbers(xShape);
        await expectWasmAsCpu(() => [
          tf.grad((x) => tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, window, stride, pad))))(tf.tensor(x, xShape)),
        ]);
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('add the rows of each segment, skipping numbers of no segment', async () => {
    const x = () => tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const ids = () => tf.tensor1d([2, -1, 2, 0], 'int32');
    for (const backend of ['wasm', 'cpu'] as const) {
      const [sums] = await on(backend, () => [tf.unsortedSegmentSum(x(), ids(), 4)]);
      expect(sums).toBeAllClose([7, 8, 0, 0, 6, 8, 0, 0]);
    }
  });

  it('keep booleans 0 and 1, whatever is cast to them', async () => {
    const [half, shifted] = await on('wasm', () => {
      const mask = tf.cast(tf.tensor1d([0.5, 0, -3, 256]), 'bool');
      return [tf.cast(mask, 'float32'), tf.cast(tf.reverse(mask), 'float32')];
    });
    expect(half).toBeAllClose([1, 0, 1, 1]);
    expect(shifted).toBeAllClose([1, 1, 0, 1]);
  });

  it('choose between booleans, and step through integers', async () => {
    const [chosen, stepped] = await on('wasm', () => {
      const condition = tf.tensor1d([1, 0, 1], 'bool');
      const chosen = tf.where(condition, tf.tensor1d([1, 1, 0], 'bool'), tf.tensor1d([0, 1, 1], 'bool'));
      return [tf.cast(chosen, 'float32'), tf.stridedSlice(tf.range(0, 9, 1, 'int32'), [7], [0], [-3])];
    });
    expect(chosen).toBeAllClose([1, 1, 0]);
    expect(stepped).toBeAllClose([7, 4, 1]);
  });

  it('clip integers as integers, and sum along axes counted from the end', async () => {
    for (const backend of ['wasm', 'cpu'] as const) {
      const [clipped, sums, products] = await on(backend, () => {
        const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
        const integers = tf.tensor1d([-7, 0, 5, 2_000_000_000], 'int32');
        return [tf.cast(tf.clipByValue(integers, -2, 3), 'float32'), tf.cumsum(x, -1), tf.cumprod(x, -1)];
      });
      expect(clipped).toBeAllClose([-2, 0, 3, 3]);
      expect(sums).toBeAllClose([1, 3, 6, 4, 9, 15]);
      expect(products).toBeAllClose([1, 2, 6, 4, 20, 120]);
    }
  });
});
