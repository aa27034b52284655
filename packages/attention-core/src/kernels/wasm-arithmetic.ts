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
    const spread = spreadOf(large.shape, small.shape);
    if (simd === undefined || !floats || spread === undefined) return stock(args);
    const { blocks, block, period } = spread;
    const output = args.backend.makeOutput(large.shape, 'float32');
    const [x, y, out] = [large, small, output].map((tensor) => address(args.backend, tensor));
    for (let i = 0; i < blocks; i++) {
      simd[name](x + 4 * i * block, y + 4 * i * period, out + 4 * i * block, block, period);
    }
    return output;
  });
}

export interface Spread {
  /** Parts of `large` that each have numbers of `small` of their own. */
  readonly blocks: number;
  /** Numbers of `large` in each. */
  readonly block: number;
  /** Numbers of `small` in each, which repeat. */
  readonly period: number;
}

/**
 * How `small` spreads to `large`, where that is: first dimensions alike, then some of size 1 in `small`, then others alike. [8, 1, 1, 128] in
 * [8, 12, 64, 128] is 8 blocks of 12 · 64 · 128 in which 128 numbers repeat.
 */
export function spreadOf(large: number[], small: number[]): Spread | undefined {
  if (small.length > large.length || large.includes(0)) return undefined;
  const sizes = [...Array<number>(large.length - small.length).fill(1), ...small];
  const alike = (size: number, i: number) => size === large[i];
  const first = sizes.findIndex((size, i) => !alike(size, i)); // where spreading begins
  if (first === -1) return { blocks: 1, block: tf.util.sizeFromShape(large), period: tf.util.sizeFromShape(large) };
  const next = sizes.findIndex((size, i) => i > first && size !== 1);
  const end = next === -1 ? sizes.length : next; // where it ends
  if (!sizes.every((size, i) => alike(size, i) || (size === 1 && i >= first && i < end))) return undefined;
  return {
    blocks: tf.util.sizeFromShape(large.slice(0, first)),
    block: tf.util.sizeFromShape(large.slice(first)),
    period: tf.util.sizeFromShape(sizes.slice(end)),
  };
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
