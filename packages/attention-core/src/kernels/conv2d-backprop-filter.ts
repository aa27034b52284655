/**
 * `Conv2DBackpropFilter` on WASM, which tfjs lacks: the gradient by the filter is one matrix product, the patches that the
 * filter saw, transposed, times dy.
 */
import * as tf from '@tensorflow/tfjs';
import { registerKernel } from './register-kernel.ts';
import { heapFloats, type WasmBackend } from './wasm.ts';

interface FilterGradientArguments {
  inputs: { x: tf.TensorInfo; dy: tf.TensorInfo };
  backend: WasmBackend;
  attrs: {
    strides: [number, number] | number;
    pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
    dataFormat: 'NHWC' | 'NCHW';
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
    filterShape: [number, number, number, number];
  };
}

type ConvolutionInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** Patches are made for as many images at a time as fit into this many numbers (64 MB). */
const PATCH_BUDGET = 2 ** 24;

function conv2dBackpropFilter({ inputs: { x, dy }, backend, attrs }: FilterGradientArguments): tf.TensorInfo {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
  if (dataFormat === 'NCHW') {
    throw new Error('Conv2DBackpropFilter: dataFormat must be NHWC on WASM, as for conv2d itself, got NCHW');
  }
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { batchSize, filterHeight, filterWidth, inChannels, outChannels, outHeight, outWidth } = info;
  const patchWidth = filterHeight * filterWidth * inChannels;
  const imageRows = outHeight * outWidth;
  const images = Math.max(1, Math.min(batchSize, Math.floor(PATCH_BUDGET / (imageRows * patchWidth))));

  const output = backend.makeOutput(filterShape, 'float32');
  heapFloats(backend, output).fill(0);
  for (let start = 0; start < batchSize; start += images) {
    const rows = Math.min(images, batchSize - start) * imageRows;
    const patches = backend.makeOutput([rows, patchWidth], 'float32');
    copyPatches(heapFloats(backend, x), heapFloats(backend, patches), info, start);
    const part = backend.makeOutput([rows, outChannels], 'float32');
    heapFloats(backend, part).set(
      heapFloats(backend, dy).subarray(start * imageRows * outChannels, (start * imageRows + rows) * outChannels),
    );
    const product = matMulTransposed(backend, patches, part); // [patchWidth, outChannels]
    const sums = heapFloats(backend, output);
    const terms = heapFloats(backend, product);
    for (let i = 0; i < sums.length; i++) sums[i] += terms[i];
    for (const used of [patches, part, product]) backend.disposeData(used.dataId);
  }
  return output;
}

/** aᵀ·b through the backend's own matrix product. */
function matMulTransposed(backend: WasmBackend, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel('BatchMatMul', 'wasm');
  return kernelFunc({
    inputs: { a, b },
    backend,
    attrs: { transposeA: true, transposeB: false },
  }) as tf.TensorInfo;
}

/** What the filter sees at each place of the output, one row each, for the images from `firstImage` on; padding is 0. */
function copyPatches(x: Float32Array, patches: Float32Array, info: ConvolutionInfo, firstImage: number): void {
  const { filterHeight, filterWidth, inChannels, inHeight, inWidth, outHeight, outWidth } = info;
  const { strideHeight, strideWidth } = info;
  const { top, left } = info.padInfo;
  const runWidth = filterWidth * inChannels;
  patches.fill(0);
  let to = 0;
  for (let image = firstImage; to < patches.length; image++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const column = outColumn * strideWidth - left;
        const first = Math.max(0, -column);
        const last = Math.min(filterWidth, inWidth - column);
        for (let filterRow = 0; filterRow < filterHeight; filterRow++, to += runWidth) {
          const row = outRow * strideHeight - top + filterRow;
          if (row < 0 || row >= inHeight) continue;
          const from = ((image * inHeight + row) * inWidth + column) * inChannels;
          for (let i = first * inChannels; i < last * inChannels; i++) patches[to + i] = x[from + i];
        }
      }
    }
  }
}

registerKernel('Conv2DBackpropFilter', 'wasm', conv2dBackpropFilter);
