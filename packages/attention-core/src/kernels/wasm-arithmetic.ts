/** `Exp`, `Tanh`, `Sum` and `Mean` on WASM with SIMD, where tfjs's work number by number. */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import { simdOf } from './simd.ts';
import { address, type WasmBackend } from './wasm.ts';

interface UnaryArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
}

for (const [kernelName, name] of [
  ['Exp', 'exp'],
  ['Tanh', 'tanh'],
] as const) {
  overrideKernel<UnaryArguments>(kernelName, 'wasm', (stock) => (args) => {
    const { x } = args.inputs;
    const simd = simdOf(args.backend);
    if (simd === undefined || x.dtype !== 'float32') return stock(args);
    const output = args.backend.makeOutput(x.shape, 'float32');
    simd[name](address(args.backend, x), address(args.backend, output), tf.util.sizeFromShape(x.shape));
    return output;
  });
}

interface ReductionArguments {
  inputs: { x: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { axis: number | number[]; keepDims: boolean };
}

for (const kernelName of ['Sum', 'Mean']) {
  // over the last axis tfjs's are good; before it they transpose everything
  overrideKernel<ReductionArguments>(kernelName, 'wasm', (stock) => (args) => {
    const { x } = args.inputs;
    const { shape } = x;
    const simd = simdOf(args.backend);
    const axes = tf.util.parseAxisParam(args.attrs.axis, shape).sort((a, b) => a - b);
    const [first, last] = [axes[0], axes[axes.length - 1]];
    const inner = tf.util.sizeFromShape(shape.slice(last + 1));
    const together = axes.length > 0 && last - first === axes.length - 1;
    if (simd === undefined || x.dtype !== 'float32' || !together || inner === 1) return stock(args);
    const rows = tf.util.sizeFromShape(shape.slice(first, last + 1));
    const outer = tf.util.sizeFromShape(shape.slice(0, first));
    if (outer * rows * inner === 0) return stock(args);
    const kept = args.attrs.keepDims ? axes.map(() => 1) : [];
    const output = args.backend.makeOutput([...shape.slice(0, first), ...kept, ...shape.slice(last + 1)], 'float32');
    const from = address(args.backend, x);
    const to = address(args.backend, output);
    const factor = kernelName === 'Mean' ? 1 / rows : 1;
    for (let i = 0; i < outer; i++)
      simd.columnSums(from + 4 * i * rows * inner, to + 4 * i * inner, rows, inner, factor);
    return output;
  });
}
