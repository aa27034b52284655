/** Reductions over no numbers: tfjs's WASM kernels leave the memory as they found it, its cpu kernels give NaN for the greatest and 0 for the mean. */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';

interface ReductionArguments {
  inputs: { x: tf.TensorInfo };
  backend: tf.KernelBackend;
  attrs: { axis?: number | number[]; reductionIndices?: number | number[]; keepDims: boolean };
}

/** What TensorFlow gives: the value that changes nothing, and 0/0 for the mean. */
const neutral: Readonly<Record<string, (dtype: tf.DataType) => number>> = {
  Sum: () => 0,
  Mean: () => NaN,
  Prod: () => 1,
  Max: (dtype) => (dtype === 'int32' ? -(2 ** 31) : -Infinity),
  Min: (dtype) => (dtype === 'int32' ? 2 ** 31 - 1 : Infinity),
  Any: () => 0,
  All: () => 1,
};

for (const [kernelName, value] of Object.entries(neutral)) {
  for (const backendName of ['wasm', 'cpu']) {
    overrideKernel<ReductionArguments>(kernelName, backendName, (stock) => (args) => {
      const { x } = args.inputs;
      if (!x.shape.includes(0)) return stock(args);
      const { axis, reductionIndices, keepDims } = args.attrs;
      const axes = tf.util.parseAxisParam((axis ?? reductionIndices)!, x.shape);
      const shape = keepDims
        ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size))
        : x.shape.filter((_, i) => !axes.includes(i));
      const dtype = kernelName === 'Mean' ? 'float32' : x.dtype;
      const values = valuesOf(dtype, tf.util.sizeFromShape(shape)).fill(value(dtype));
      return { dataId: args.backend.write(values, shape, dtype), shape, dtype };
    });
  }
}

function valuesOf(dtype: tf.DataType, size: number): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'bool') return new Uint8Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
}
