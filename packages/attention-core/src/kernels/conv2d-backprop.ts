/**
 * The gradients of convolution on WASM, each by one matrix product of the patches that the filter saw: `Conv2DBackpropFilter`, which tfjs
 * lacks there, and `Conv2DBackpropInput`, which it computes number by number. Both take dilations, as no kernel of tfjs does.
 */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel, registerKernel } from './register-kernel.ts';
import { heapFloats, type WasmBackend } from './wasm.ts';

type Shape4 = [number, number, number, number];
type ConvolutionInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

interface BackpropAttributes {
  strides: [number, number] | number;
  dilations?: [number, number] | number;
  pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  dataFormat: 'NHWC' | 'NCHW';
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Patches are made for as many images at a time as fit into this many numbers (64 MB). */
const PATCH_BUDGET = 2 ** 24;

function infoOf(kernel: string, inputShape: Shape4, filterShape: Shape4, attrs: BackpropAttributes): ConvolutionInfo {
  const { strides, dilations = 1, pad, dataFormat, dimRoundingMode } = attrs;
  if (dataFormat === 'NCHW') {
    throw new Error(`${kernel}: dataFormat must be NHWC on WASM, as for conv2d itself, got NCHW`);
  }
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, dimRoundingMode);
}

/** Rows of the output, `imageRows` for each image, in runs that fit the budget. */
function* runs(info: ConvolutionInfo): Generator<{ firstImage: number; firstRow: number; rows: number }> {
  const { batchSize, filterHeight, filterWidth, inChannels, outHeight, outWidth } = info;
  const imageRows = outHeight * outWidth;
  const numbers = imageRows * filterHeight * filterWidth * inChannels;
  const images = Math.max(1, Math.min(batchSize, Math.floor(PATCH_BUDGET / numbers)));
  for (let image = 0; image < batchSize; image += images) {
    yield { firstImage: image, firstRow: image * imageRows, rows: Math.min(images, batchSize - image) * imageRows };
  }
}

interface FilterArguments {
  inputs: { x: tf.TensorInfo; dy: tf.TensorInfo };
  backend: WasmBackend;
  attrs: BackpropAttributes & { filterShape: Shape4 };
}

function backpropFilter({ inputs: { x, dy }, backend, attrs }: FilterArguments): tf.TensorInfo {
  const info = infoOf('Conv2DBackpropFilter', x.shape as Shape4, attrs.filterShape, attrs);
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const patchWidth = filterHeight * filterWidth * inChannels;
  const output = backend.makeOutput(attrs.filterShape, 'float32');
  heapFloats(backend, output).fill(0);
  for (const { firstImage, firstRow, rows } of runs(info)) {
    const patches = backend.makeOutput([rows, patchWidth], 'float32');
    const [from, to] = [heapFloats(backend, x), heapFloats(backend, patches)];
    to.fill(0);
    visitRuns(info, firstImage, rows, (image, patch, length) => copy(from, image, to, patch, length));
    const part = rowsOf(backend, dy, firstRow, rows, outChannels);
    const product = matMul(backend, patches, part, { transposeA: true }); // [patchWidth, outChannels]
    const sums = heapFloats(backend, output);
    add(heapFloats(backend, product), 0, sums, 0, sums.length);
    for (const used of [patches, part, product]) backend.disposeData(used.dataId);
  }
  return output;
}

interface InputArguments {
  inputs: { dy: tf.TensorInfo; filter: tf.TensorInfo };
  backend: WasmBackend;
  attrs: BackpropAttributes & { inputShape: Shape4 };
}

function backpropInput({ inputs: { dy, filter }, backend, attrs }: InputArguments): tf.TensorInfo {
  const info = infoOf('Conv2DBackpropInput', attrs.inputShape, filter.shape as Shape4, attrs);
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const patchWidth = filterHeight * filterWidth * inChannels;
  const matrix = { ...filter, shape: [patchWidth, outChannels] };
  const output = backend.makeOutput(attrs.inputShape, 'float32');
  heapFloats(backend, output).fill(0);
  for (const { firstImage, firstRow, rows } of runs(info)) {
    const part = rowsOf(backend, dy, firstRow, rows, outChannels);
    const patches = matMul(backend, part, matrix, { transposeB: true }); // [rows, patchWidth]
    const [from, to] = [heapFloats(backend, patches), heapFloats(backend, output)];
    visitRuns(info, firstImage, rows, (image, patch, length) => add(from, patch, to, image, length));
    for (const used of [part, patches]) backend.disposeData(used.dataId);
  }
  return output;
}

/** Some rows of dy as a matrix of their own. */
function rowsOf(backend: WasmBackend, dy: tf.TensorInfo, first: number, rows: number, width: number): tf.TensorInfo {
  const part = backend.makeOutput([rows, width], 'float32');
  heapFloats(backend, part).set(heapFloats(backend, dy).subarray(first * width, (first + rows) * width));
  return part;
}

/** The backend's own matrix product. */
function matMul(
  backend: WasmBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA = false, transposeB = false },
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel('BatchMatMul', 'wasm');
  return kernelFunc({ inputs: { a, b }, backend, attrs: { transposeA, transposeB } }) as tf.TensorInfo;
}

function copy(from: Float32Array, at: number, to: Float32Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) to[start + i] = from[at + i];
}

function add(from: Float32Array, at: number, to: Float32Array, start: number, length: number): void {
  for (let i = 0; i < length; i++) to[start + i] += from[at + i];
}

/**
 * Calls `visit` for the numbers that the filter sees, run by run: where a run begins in the image, where in the patches (one row for each
 * place of the output, from `firstImage` on), and how long it is. What lies outside the image is passed over.
 */
function visitRuns(
  info: ConvolutionInfo,
  firstImage: number,
  rows: number,
  visit: (image: number, patch: number, length: number) => void,
): void {
  const { filterHeight, filterWidth, inChannels, inHeight, inWidth, outHeight, outWidth } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, left } = info.padInfo;
  const images = rows / (outHeight * outWidth);
  let patch = 0;
  for (let image = firstImage; image < firstImage + images; image++) {
    for (let outRow = 0; outRow < outHeight; outRow++) {
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const column = outColumn * strideWidth - left;
        for (let filterRow = 0; filterRow < filterHeight; filterRow++, patch += filterWidth * inChannels) {
          const row = outRow * strideHeight - top + filterRow * dilationHeight;
          if (row < 0 || row >= inHeight) continue;
          const start = (image * inHeight + row) * inWidth;
          if (dilationWidth === 1) {
            const first = Math.max(0, -column);
            const end = Math.min(filterWidth, inWidth - column);
            if (end > first) {
              visit((start + column + first) * inChannels, patch + first * inChannels, (end - first) * inChannels);
            }
            continue;
          }
          for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
            const place = column + filterColumn * dilationWidth;
            if (place < 0 || place >= inWidth) continue;
            visit((start + place) * inChannels, patch + filterColumn * inChannels, inChannels);
          }
        }
      }
    }
  }
}

registerKernel('Conv2DBackpropFilter', 'wasm', backpropFilter);
overrideKernel('Conv2DBackpropInput', 'wasm', () => backpropInput);
