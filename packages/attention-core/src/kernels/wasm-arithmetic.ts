/** `Exp`, `Tanh`, `Maximum`, `Minimum`, `Sum` and `Mean` on WASM with SIMD, where tfjs's work number by number. */
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

interface BinaryArguments {
  inputs: { a: tf.TensorInfo; b: tf.TensorInfo };
  backend: WasmBackend;
}

for (const [kernelName, name] of [
  ['Maximum', 'maximum'],
  ['Minimum', 'minimum'],
] as const) {
  overrideKernel<BinaryArguments>(kernelName, 'wasm', (stock) => (args) => {
    const { a, b } = args.inputs;
    const [large, small] = tf.util.sizeFromShape(a.shape) >= tf.util.sizeFromShape(b.shape) ? [a, b] : [b, a];
    const simd = simdOf(args.backend);
    const floats = a.dtype === 'float32' && b.dtype === 'float32';
    const period = tf.util.sizeFromShape(small.shape);
    if (simd === undefined || !floats || period === 0 || !repeats(large.shape, small.shape)) return stock(args);
    const output = args.backend.makeOutput(large.shape, 'float32');
    const [x, y, out] = [large, small, output].map((tensor) => address(args.backend, tensor));
    simd[name](x, y, out, tf.util.sizeFromShape(large.shape), period);
    return output;
  });
}

/** Whether `small` spread to `large` is its numbers one after the other, again and again. */
function repeats(large: readonly number[], small: readonly number[]): boolean {
  const first = small.findIndex((size) => size !== 1);
  const own = first === -1 ? [] : small.slice(first);
  return small.length <= large.length && own.every((size, i) => size === large[large.length - own.length + i]);
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
