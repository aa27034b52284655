/**
 * Gradients of pooling. tfjs 4.22's are wrong for max pooling of several channels on WASM, and for average pooling that
 * overlaps the border on WASM and cpu (they divide by the window's size, not by the part of it that lies in the image).
 */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import { heapFloats, type WasmBackend } from './wasm.ts';

interface PoolingArguments {
  inputs: { dy: tf.TensorInfo; input: tf.TensorInfo };
  backend: tf.KernelBackend;
  attrs: {
    filterSize: [number, number] | number;
    strides: [number, number] | number;
    pad: Parameters<typeof tf.backend_util.computePool2DInfo>[4];
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
  };
}

/** Where a window meets the image, in rows and columns of the image. */
interface Window {
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstColumn: number;
  readonly endColumn: number;
  /** Offset of its first channel in dy. */
  readonly dy: number;
  /** Offset of its image's first number. */
  readonly image: number;
}

function poolingInfo({ inputs, attrs }: PoolingArguments) {
  const shape = inputs.input.shape as [number, number, number, number];
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

function* windows(info: ReturnType<typeof poolingInfo>): Generator<Window> {
  const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth } = info;
  const { strideHeight, strideWidth, filterHeight, filterWidth, padInfo } = info;
  let dy = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++, dy += inChannels) {
        const row = outRow * strideHeight - padInfo.top;
        const column = outColumn * strideWidth - padInfo.left;
        yield {
          firstRow: Math.max(0, row),
          endRow: Math.min(inHeight, row + filterHeight),
          firstColumn: Math.max(0, column),
          endColumn: Math.min(inWidth, column + filterWidth),
          dy,
          image: batch * inHeight * inWidth * inChannels,
        };
      }
    }
  }
}

/** dy goes to the first largest number of each window. */
function addMaxGradients(args: PoolingArguments, x: Float32Array, dy: Float32Array, dx: Float32Array): void {
  const info = poolingInfo(args);
  const { inChannels, inWidth } = info;
  for (const { firstRow, endRow, firstColumn, endColumn, dy: from, image } of windows(info)) {
    for (let channel = 0; channel < inChannels; channel++) {
      let largest = -Infinity;
      let at = -1;
      for (let row = firstRow; row < endRow; row++) {
        for (let column = firstColumn; column < endColumn; column++) {
          const here = image + (row * inWidth + column) * inChannels + channel;
          if (x[here] > largest) {
            largest = x[here];
            at = here;
          }
        }
      }
      if (at >= 0) dx[at] += dy[from + channel];
    }
  }
}

/** dy is shared out evenly over the part of the window that lies in the image. */
function addAverageGradients(args: PoolingArguments, dy: Float32Array, dx: Float32Array): void {
  const info = poolingInfo(args);
  const { inChannels, inWidth } = info;
  for (const { firstRow, endRow, firstColumn, endColumn, dy: from, image } of windows(info)) {
    const share = 1 / ((endRow - firstRow) * (endColumn - firstColumn));
    for (let row = firstRow; row < endRow; row++) {
      for (let column = firstColumn; column < endColumn; column++) {
        const to = image + (row * inWidth + column) * inChannels;
        for (let channel = 0; channel < inChannels; channel++) dx[to + channel] += dy[from + channel] * share;
      }
    }
  }
}

function onWasm(add: (args: PoolingArguments, x: Float32Array, dy: Float32Array, dx: Float32Array) => void) {
  return (args: PoolingArguments): tf.TensorInfo => {
    const backend = args.backend as WasmBackend;
    const output = backend.makeOutput(args.inputs.input.shape, 'float32');
    const dx = heapFloats(backend, output).fill(0);
    add(args, heapFloats(backend, args.inputs.input), heapFloats(backend, args.inputs.dy), dx);
    return output;
  };
}

function averageOnCpu(args: PoolingArguments): tf.TensorInfo {
  const { backend, inputs } = args;
  const { shape } = inputs.input;
  const dx = new Float32Array(shape.reduce((product, dimension) => product * dimension, 1));
  addAverageGradients(args, backend.readSync(inputs.dy.dataId) as Float32Array, dx);
  return { dataId: backend.write(dx, shape, 'float32'), shape, dtype: 'float32' };
}

overrideKernel('MaxPoolGrad', 'wasm', () => onWasm(addMaxGradients));
overrideKernel('AvgPoolGrad', 'wasm', () => onWasm((args, _, dy, dx) => addAverageGradients(args, dy, dx)));
overrideKernel('AvgPoolGrad', 'cpu', () => averageOnCpu);
