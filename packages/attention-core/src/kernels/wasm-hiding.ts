/** What attention hides, on WASM with SIMD: softmax over visible keys, and keys and values without numbers that are not finite. */
import * as tf from '@tensorflow/tfjs';
import { LEAST_FLOAT } from '../normalisers/visible.ts';
import { registerKernel } from './register-kernel.ts';
import { simdOf, type Simd } from './simd.ts';
import { spreadOf } from './wasm-arithmetic.ts';
import { address, heapBytes, type WasmBackend } from './wasm.ts';

interface Arguments {
  inputs: { input0: tf.TensorInfo; input1: tf.TensorInfo };
  backend: WasmBackend;
}

registerKernel<Arguments>('HeedMaskedSoftmax', 'wasm', ({ inputs, backend }) => {
  const { input0: scores, input1: allowed } = inputs;
  const output = backend.makeOutput(scores.shape, 'float32');
  const width = scores.shape.at(-1)!;
  const rows = tf.util.sizeFromShape(scores.shape.slice(0, -1));
  if (rows * width === 0) return [output];
  const even = spreadOf(scores.shape.slice(0, -1), allowed.shape.slice(0, -1));
  const { blocks, block, period } = even ?? { blocks: 1, block: rows, period: rows };
  const mask = even === undefined ? spread(backend, allowed, scores.shape) : allowed;
  const { maskedSoftmax } = simdOf(backend) ?? plain(backend);
  const [from, shown, to] = [scores, mask, output].map((tensor) => address(backend, tensor));
  for (let i = 0; i < blocks; i++) {
    const first = 4 * i * block * width;
    maskedSoftmax(from + first, shown + i * period * width, to + first, block, width, period);
  }
  if (mask !== allowed) backend.disposeData(mask.dataId);
  return [output];
});

registerKernel<Arguments>('HeedFiniteKeys', 'wasm', ({ inputs, backend }) => {
  const given = [inputs.input0, inputs.input1];
  const outputs = given.map(({ shape }) => backend.makeOutput(shape, 'float32'));
  const fault = backend.makeOutput([...given[0].shape.slice(0, -1), 1], 'float32');
  heapBytes(backend, fault).fill(0);
  const { keepFinite } = simdOf(backend) ?? plain(backend);
  given.forEach((tensor, i) => {
    const [from, to, faults] = [tensor, outputs[i], fault].map((tensor) => address(backend, tensor));
    keepFinite(from, to, faults, tf.util.sizeFromShape(fault.shape), tensor.shape.at(-1)!);
  });
  return [...outputs, fault];
});

/** The same number by number, for engines without SIMD. */
function plain({ wasm }: WasmBackend): Pick<Simd, 'maskedSoftmax' | 'keepFinite'> {
  const floats = (at: number, count: number) => new Float32Array(wasm.HEAPU8.buffer, at, count);
  return {
    maskedSoftmax(scores, allowed, out, rows, width, period) {
      for (let row = 0; row < rows; row++) {
        const [from, to] = [scores, out].map((at) => floats(at + 4 * row * width, width));
        const shown = new Uint8Array(wasm.HEAPU8.buffer, allowed + (row % period) * width, width);
        const visible = from.map((score, i) => (shown[i] === 0 ? -Infinity : score));
        const largest = visible.reduce((most, score) => (score > most ? score : most), LEAST_FLOAT);
        const exponentials = visible.map((score) => Math.exp(score - largest));
        const sum = exponentials.reduce((a, b) => a + b, 0);
        to.set(exponentials.map((e) => (sum === 0 ? 0 : e / sum)));
      }
    },
    keepFinite(x, out, fault, rows, width) {
      const [from, to, faults] = [floats(x, rows * width), floats(out, rows * width), floats(fault, rows)];
      from.forEach((number, i) => {
        to[i] = Number.isFinite(number) ? number : 0;
        faults[Math.floor(i / width)] += number - number;
      });
    },
  };
}

/** Booleans for every row, where rows do not repeat evenly. */
function spread(backend: WasmBackend, allowed: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const all = backend.makeOutput(shape, 'bool');
  const [from, to] = [heapBytes(backend, allowed), heapBytes(backend, all)];
  const sizes = [...Array<number>(shape.length - allowed.shape.length).fill(1), ...allowed.shape];
  const width = shape.at(-1)!;
  for (let row = 0; row * width < to.length; row++) {
    let [rest, at, step] = [row, 0, 1];
    for (let d = shape.length - 2; d >= 0; d--) {
      if (sizes[d] > 1) at += (rest % shape[d]) * step;
      rest = Math.floor(rest / shape[d]);
      step *= sizes[d];
    }
    to.set(from.subarray(at * width, (at + 1) * width), row * width);
  }
  return all;
}
