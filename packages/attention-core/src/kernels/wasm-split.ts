/** `SplitV` and `Unpack` on WASM in one pass over the tensor, where tfjs's copy the whole of it for every part. */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import { address, type WasmBackend } from './wasm.ts';

interface SplitArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { numOrSizeSplits: number | number[]; axis: number };
}

overrideKernel<SplitArguments>('SplitV', 'wasm', (stock) => (args) => {
  const { x } = args.inputs;
  if (x.dtype === 'string') return stock(args);
  const axis = tf.util.parseAxisParam(args.attrs.axis, x.shape)[0];
  const lengths = tf.backend_util.prepareSplitSize(x as tf.Tensor, args.attrs.numOrSizeSplits, axis);
  return parts(args.backend, x, axis, lengths);
});

interface UnpackArguments {
  inputs: { value: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { axis: number };
}

overrideKernel<UnpackArguments>('Unpack', 'wasm', (stock) => (args) => {
  const { value } = args.inputs;
  if (value.dtype === 'string') return stock(args);
  const axis = tf.util.parseAxisParam(args.attrs.axis, value.shape)[0];
  const ones = Array.from({ length: value.shape[axis] }, () => 1);
  const shape = value.shape.filter((_, i) => i !== axis);
  return parts(args.backend, value, axis, ones).map((part) => ({ ...part, shape }));
});

/** The parts of `x` of these lengths along an axis, one after the other. */
function parts(backend: WasmBackend, x: tf.TensorInfo, axis: number, lengths: readonly number[]): tf.TensorInfo[] {
  const outputs = lengths.map((length) => backend.makeOutput(x.shape.with(axis, length), x.dtype));
  const inner = tf.util.bytesPerElement(x.dtype) * tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const rows = tf.util.sizeFromShape(x.shape.slice(0, axis));
  const heap = backend.wasm.HEAPU8; // after the outputs are made: it may have moved
  const from = address(backend, x);
  let offset = 0;
  for (const [i, length] of lengths.entries()) {
    const run = length * inner;
    const to = address(backend, outputs[i]);
    for (let row = 0; row < rows; row++) {
      const at = from + row * x.shape[axis] * inner + offset;
      heap.copyWithin(to + row * run, at, at + run);
    }
    offset += run;
  }
  return outputs;
}
