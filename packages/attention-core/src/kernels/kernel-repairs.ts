/**
 * What tfjs 4.22's WASM kernels get wrong, put right: gradients summed into memory that was never cleared, boolean tensors
 * (one byte each) handled as if they were four bytes wide, numbers other than 0 and 1 in boolean tensors.
 */
import type * as tf from '@tensorflow/tfjs';
import { overrideKernel, type Kernel } from './register-kernel.ts';
import { heapBytes, heapFloats, heapIntegers, type WasmBackend } from './wasm.ts';

interface AnyArguments {
  inputs: Record<string, tf.TensorInfo>;
  backend: WasmBackend;
  attrs: unknown;
}

/** A backend that clears the memory of every output it makes. */
function clearing(backend: WasmBackend): WasmBackend {
  return Object.assign(Object.create(backend) as WasmBackend, {
    makeOutput: (shape: readonly number[], dtype: tf.DataType) => {
      const output = backend.makeOutput(shape, dtype);
      heapBytes(backend, output).fill(0);
      return output;
    },
  });
}

overrideKernel<AnyArguments>(
  'Conv3DBackpropFilterV2',
  'wasm',
  (stock) => (args) => stock({ ...args, backend: clearing(args.backend) }),
);

/** int32 numbers are kept bit by bit, which float kernels that only move numbers leave alone; booleans become 0 and 1. */
function asFloats(backend: WasmBackend, tensor: tf.TensorInfo): tf.TensorInfo {
  const floats = backend.makeOutput(tensor.shape, 'float32');
  if (tensor.dtype === 'int32') heapIntegers(backend, floats).set(heapIntegers(backend, tensor));
  else heapFloats(backend, floats).set(heapBytes(backend, tensor));
  return floats;
}

function fromFloats(backend: WasmBackend, floats: tf.TensorInfo, dtype: tf.DataType): tf.TensorInfo {
  const tensor = backend.makeOutput(floats.shape, dtype);
  if (dtype === 'int32') heapIntegers(backend, tensor).set(heapIntegers(backend, floats));
  else heapBytes(backend, tensor).set(heapFloats(backend, floats));
  return tensor;
}

/** Runs a kernel that only moves numbers on floats where `inputs` are of one of `dtypes`. */
function moveAsFloats(name: string, inputs: readonly string[], dtypes: readonly tf.DataType[]): void {
  overrideKernel<AnyArguments>(name, 'wasm', (stock) => (args) => {
    const { dtype } = args.inputs[inputs[0]];
    if (!dtypes.includes(dtype)) return stock(args);
    const { backend } = args;
    const floats = inputs.map((input) => [input, asFloats(backend, args.inputs[input])] as const);
    const moved = stock({ ...args, inputs: { ...args.inputs, ...Object.fromEntries(floats) } }) as tf.TensorInfo;
    const output = fromFloats(backend, moved, dtype);
    for (const [, tensor] of floats) backend.disposeData(tensor.dataId);
    backend.disposeData(moved.dataId);
    return output;
  });
}

moveAsFloats('Reverse', ['x'], ['bool']);
moveAsFloats('Select', ['t', 'e'], ['bool']);
moveAsFloats('StridedSlice', ['x'], ['bool', 'int32']); // its output is labelled float32

overrideKernel<{ inputs: { x: tf.TensorInfo }; backend: WasmBackend; attrs: { dtype: tf.DataType } }>(
  'Cast',
  'wasm',
  (stock) => (args) => {
    const { x } = args.inputs;
    if (args.attrs.dtype !== 'bool' || x.dtype === 'bool') return stock(args);
    const output = args.backend.makeOutput(x.shape, 'bool');
    const from = x.dtype === 'int32' ? heapIntegers(args.backend, x) : heapFloats(args.backend, x);
    const to = heapBytes(args.backend, output);
    for (let i = 0; i < from.length; i++) to[i] = from[i] === 0 ? 0 : 1;
    return output;
  },
);

interface ClipArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { clipValueMin: number; clipValueMax: number };
}

overrideKernel<ClipArguments>('ClipByValue', 'wasm', (stock) => (args) => {
  const { x } = args.inputs;
  if (x.dtype !== 'int32') return stock(args);
  const { clipValueMin, clipValueMax } = args.attrs;
  const output = args.backend.makeOutput(x.shape, 'int32');
  const from = heapIntegers(args.backend, x);
  const to = heapIntegers(args.backend, output);
  for (let i = 0; i < from.length; i++) to[i] = Math.max(clipValueMin, Math.min(clipValueMax, from[i]));
  return output;
});

interface CumulativeArguments {
  inputs: { x: tf.TensorInfo };
  backend: unknown;
  attrs: { axis: number };
}

/** A negative axis gives wrong numbers on cpu and writes outside the output on WASM. */
function withPositiveAxis(stock: Kernel<CumulativeArguments>): Kernel<CumulativeArguments> {
  return (args) => {
    const { axis } = args.attrs;
    return stock(axis >= 0 ? args : { ...args, attrs: { ...args.attrs, axis: axis + args.inputs.x.shape.length } });
  };
}

interface ResizeArguments {
  inputs: { images: tf.TensorInfo };
  backend: unknown;
}

/** cpu swaps height and width in the shape of the result. */
overrideKernel<ResizeArguments>('ResizeBilinearGrad', 'cpu', (stock) => (args) => {
  return { ...(stock(args) as tf.TensorInfo), shape: args.inputs.images.shape };
});

for (const backend of ['wasm', 'cpu']) {
  overrideKernel('Cumsum', backend, withPositiveAxis);
  overrideKernel('Cumprod', backend, withPositiveAxis);
}
