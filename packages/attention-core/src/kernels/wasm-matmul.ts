/**
 * `BatchMatMul` on WASM by Heed's own module: tfjs's takes a slow loop where a matrix is transposed or comes in batches, and
 * elsewhere makes and frees an operator for every product.
 */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import { simdOf, type Matrix } from './simd.ts';
import { address, type WasmBackend } from './wasm.ts';

interface MatMulArguments {
  inputs: { a: tf.TensorInfo; b: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { transposeA: boolean; transposeB: boolean };
}

overrideKernel<MatMulArguments>('BatchMatMul', 'wasm', (stock) => (args) => {
  const { inputs, backend, attrs } = args;
  const { a, b } = inputs;
  const simd = simdOf(backend);
  if (simd === undefined || a.dtype !== 'float32' || b.dtype !== 'float32') return stock(args);

  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  const [m, k] = attrs.transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [depth, n] = attrs.transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== depth) {
    throw new Error(
      `matMul: the inner dimensions must agree, got a=[${a.shape}]${attrs.transposeA ? ' transposed' : ''}, ` +
        `b=[${b.shape}]${attrs.transposeB ? ' transposed' : ''}`,
    );
  }
  const aBatches = a.shape.slice(0, -2);
  const bBatches = b.shape.slice(0, -2);
  const batches = tf.broadcast_util.assertAndGetBroadcastShape(aBatches, bBatches);
  const output = backend.makeOutput([...batches, m, n], 'float32');
  const matrix = (tensor: tf.TensorInfo, columns: number, transposed: boolean): Matrix => ({
    at: address(backend, tensor),
    batch: 4 * m * k,
    ...(transposed ? { row: 4, column: 4 * columns } : { row: 4 * columns, column: 4 }),
  });
  const left = matrix(a, aColumns, attrs.transposeA);
  const right = { ...matrix(b, bColumns, attrs.transposeB), batch: 4 * k * n };
  const result = address(backend, output);
  const count = tf.util.sizeFromShape(batches);
  const aCount = tf.util.sizeFromShape(aBatches);
  const bCount = tf.util.sizeFromShape(bBatches);
  if ((aCount === count || aCount === 1) && (bCount === count || bCount === 1)) {
    const repeated = (own: number, of: Matrix) => (own === 1 ? { ...of, batch: 0 } : of);
    simd.matmul(count, [m, n, k], repeated(aCount, left), repeated(bCount, right), result);
  } else {
    const nth = (i: number, own: readonly number[], of: Matrix) => ({
      ...of,
      at: of.at + of.batch * spreadIndex(i, batches, own),
    });
    for (let i = 0; i < count; i++) {
      simd.matmul(1, [m, n, k], nth(i, aBatches, left), nth(i, bBatches, right), result + 4 * m * n * i);
    }
  }
  return output;
});

/** The index in a tensor of shape `shape` that the `index`-th of the spread shape `spread` stands for. */
function spreadIndex(index: number, spread: readonly number[], shape: readonly number[]): number {
  let result = 0;
  let stride = 1;
  for (let i = 1; i <= shape.length; i++) {
    const size = spread[spread.length - i];
    const own = shape[shape.length - i];
    if (own > 1) result += (index % size) * stride;
    stride *= own;
    index = Math.floor(index / size);
  }
  return result;
}
