/** `Identity` on WASM without a copy, and `GatherV2`, `Slice`, `Tile` and `Transpose` by whole rows, where tfjs's go number by number. */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import { simdOf } from './simd.ts';
import { address, heapIntegers, type WasmBackend } from './wasm.ts';

const bytesPer = (dtype: tf.DataType) => (dtype === 'bool' ? 1 : 4);

interface IdentityArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
}

/** Every saved tensor of a gradient is a clone. Nothing is ever written in place, so two tensors may share their numbers. */
overrideKernel<IdentityArguments>('Identity', 'wasm', (stock) => (args) => {
  const { x } = args.inputs;
  if (x.dtype === 'string') return stock(args);
  args.backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
});

interface GatherArguments {
  inputs: { x: tf.TensorInfo; indices: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { axis: number; batchDims: number };
}

overrideKernel<GatherArguments>('GatherV2', 'wasm', (stock) => (args) => {
  const { inputs, backend, attrs } = args;
  const { x, indices } = inputs;
  if (attrs.batchDims !== 0 || x.dtype === 'string') return stock(args);
  const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
  const length = x.shape[axis];
  const width = bytesPer(x.dtype) * tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const outer = tf.util.sizeFromShape(x.shape.slice(0, axis));
  const output = backend.makeOutput([...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], x.dtype);
  const rows = heapIntegers(backend, indices);
  for (const row of rows) {
    if (!(row >= 0 && row < length)) throw new Error(`gather: indices must be in [0, ${length}), got ${row}`);
  }
  const heap = backend.wasm.HEAPU8;
  const from = address(backend, x);
  let to = address(backend, output);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < rows.length; j++, to += width) {
      const at = from + (i * length + rows[j]) * width;
      heap.copyWithin(to, at, at + width);
    }
  }
  return output;
});

interface SliceArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { begin: number | number[]; size: number | number[] };
}

overrideKernel<SliceArguments>('Slice', 'wasm', (stock) => (args) => {
  const { x } = args.inputs;
  if (x.dtype === 'string') return stock(args);
  const { backend, attrs } = args;
  const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size);
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  const output = backend.makeOutput(size, x.dtype);
  // the dimensions from `whole` on are taken whole, so that they and the one before them lie in one run
  let whole = size.length;
  while (whole > 0 && size[whole - 1] === x.shape[whole - 1]) whole--;
  const last = Math.max(0, whole - 1);
  const inner = bytesPer(x.dtype) * tf.util.sizeFromShape(x.shape.slice(last + 1));
  const run = inner * (size[last] ?? 1);
  const strides = tf.util.computeStrides([...x.shape.slice(0, last + 1), 1]).map((stride) => stride * inner);
  const heap = backend.wasm.HEAPU8;
  const from = address(backend, x);
  let to = address(backend, output);
  const runs = tf.util.sizeFromShape(size.slice(0, last));
  for (let i = 0; i < runs; i++, to += run) {
    let at = from + (begin[last] ?? 0) * inner;
    for (let axis = last - 1, left = i; axis >= 0; axis--) {
      at += (begin[axis] + (left % size[axis])) * strides[axis];
      left = Math.floor(left / size[axis]);
    }
    heap.copyWithin(to, at, at + run);
  }
  return output;
});

interface TileArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { reps: number[] };
}

overrideKernel<TileArguments>('Tile', 'wasm', (stock) => (args) => {
  const { x } = args.inputs;
  const { backend } = args;
  const { reps } = args.attrs;
  if (x.dtype === 'string' || reps.length !== x.shape.length) return stock(args);
  const output = backend.makeOutput(
    x.shape.map((size, axis) => size * reps[axis]),
    x.dtype,
  );
  const heap = backend.wasm.HEAPU8;
  const words = new Uint32Array(heap.buffer);

  /** Writes the part of x from `axis` on that begins at `from`, tiled; returns its length in bytes. */
  function tile(axis: number, from: number, to: number): number {
    const width = bytesPer(x.dtype) * tf.util.sizeFromShape(x.shape.slice(axis));
    if (axis === x.shape.length || reps.slice(axis).every((times) => times === 1)) {
      if (width === 4) words[to >> 2] = words[from >> 2];
      else heap.copyWithin(to, from, from + width);
      return width;
    }
    let end = to;
    for (let i = 0; i < x.shape[axis]; i++) end += tile(axis + 1, from + (i * width) / x.shape[axis], end);
    const length = end - to;
    if (length === 4 && reps[axis] > 1) words.fill(words[to >> 2], to >> 2, (to >> 2) + reps[axis]);
    else for (let i = 1; i < reps[axis]; i++) heap.copyWithin(to + i * length, to, end);
    return length * reps[axis];
  }

  if (tf.util.sizeFromShape(output.shape) > 0) tile(0, address(backend, x), address(backend, output));
  return output;
});

interface TransposeArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { perm: number[] };
}

/** Whether a permutation swaps two groups of neighbouring axes, behind any that stay: [batch, rows, columns] of the swap. */
function asMatrices(shape: readonly number[], perm: readonly number[]): [number, number, number] | undefined {
  let kept = 0;
  while (kept < perm.length && perm[kept] === kept) kept++;
  const middle = perm[kept];
  const rest = perm.slice(kept);
  const swapped = [...rest.keys()].every((i) => rest[i] === kept + ((middle - kept + i) % rest.length));
  if (rest.length === 0 || !swapped) return undefined;
  const size = (from: number, to: number) => tf.util.sizeFromShape(shape.slice(from, to));
  return [size(0, kept), size(kept, middle), size(middle, perm.length)];
}

overrideKernel<TransposeArguments>('Transpose', 'wasm', (stock) => (args) => {
  const { x } = args.inputs;
  const { perm } = args.attrs;
  const shape = perm.map((axis) => x.shape[axis]);
  if (tf.util.sizeFromShape(shape) === 0) return args.backend.makeOutput(shape, x.dtype); // the stock kernel divides by 0
  const simd = simdOf(args.backend);
  const matrices = asMatrices(x.shape, perm);
  if (simd === undefined || x.dtype !== 'float32' || matrices === undefined) return stock(args);
  const [batches, rows, columns] = matrices;
  const output = args.backend.makeOutput(shape, 'float32');
  const from = address(args.backend, x);
  const to = address(args.backend, output);
  const size = 4 * rows * columns;
  for (let i = 0; i < batches; i++) simd.transpose(from + i * size, to + i * size, rows, columns);
  return output;
});
