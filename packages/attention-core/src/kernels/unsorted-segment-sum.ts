/**
 * `UnsortedSegmentSum` where tfjs has none (WASM) or a slow one (cpu: as many passes over the rows as there are segments).
 * It is the gradient of `gather`, so embeddings and edge-wise attention train through it.
 */
import type * as tf from '@tensorflow/tfjs';
import { requireSegments } from './indices-in-range.ts';
import { overrideKernel, registerKernel } from './register-kernel.ts';
import { heapFloats, heapIntegers, type WasmBackend } from './wasm.ts';

interface SegmentSumArguments {
  inputs: { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  backend: tf.KernelBackend;
  attrs: { numSegments: number };
}

type Numbers = Float32Array | Int32Array;

/** Row i of `rows` is added to row ids[i] of `sums`; negative ids are skipped. @throws at an id beyond the segments, as TensorFlow */
function addRows(sums: Numbers, rows: Numbers, ids: ArrayLike<number>, segments: number): void {
  requireSegments('unsortedSegmentSum', ids, segments);
  if (sums.length === 0) return;
  const width = sums.length / segments;
  for (let row = 0; row < ids.length; row++) {
    const segment = ids[row];
    if (segment < 0) continue;
    const from = row * width;
    const to = segment * width;
    for (let column = 0; column < width; column++) sums[to + column] += rows[from + column];
  }
}

function outputShape({ inputs, attrs }: SegmentSumArguments): number[] {
  return [attrs.numSegments, ...inputs.x.shape.slice(inputs.segmentIds.shape.length)];
}

function onWasm(args: SegmentSumArguments): tf.TensorInfo {
  const { x, segmentIds } = args.inputs;
  const backend = args.backend as WasmBackend;
  const output = backend.makeOutput(outputShape(args), x.dtype);
  const view = x.dtype === 'int32' ? heapIntegers : heapFloats;
  const sums = view(backend, output);
  sums.fill(0);
  addRows(sums, view(backend, x), heapIntegers(backend, segmentIds), args.attrs.numSegments);
  return output;
}

function onCpu(args: SegmentSumArguments): tf.TensorInfo {
  const { x, segmentIds } = args.inputs;
  const { backend } = args;
  const shape = outputShape(args);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const sums = x.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  const rows = backend.readSync(x.dataId) as Numbers;
  addRows(sums, rows, backend.readSync(segmentIds.dataId) as Int32Array, args.attrs.numSegments);
  return { dataId: backend.write(sums, shape, x.dtype), shape, dtype: x.dtype };
}

registerKernel('UnsortedSegmentSum', 'wasm', onWasm);
overrideKernel('UnsortedSegmentSum', 'cpu', () => onCpu);
