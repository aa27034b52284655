/** The gradients of depthwise convolution on WASM, which tfjs lacks there. */
import * as tf from '@tensorflow/tfjs';
import { registerKernel } from './register-kernel.ts';
import { heapFloats, type WasmBackend } from './wasm.ts';

type Shape4 = [number, number, number, number];
type ConvolutionInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

interface DepthwiseAttributes {
  strides: [number, number] | number;
  dilations: [number, number] | number;
  pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function convolutionInfo(inputShape: Shape4, filterShape: Shape4, attrs: DepthwiseAttributes): ConvolutionInfo {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations, pad, dimRoundingMode, true);
}

/** Places of one row of the output that one place of the filter sees inside the image: offsets of the first channel of the first. */
interface Run {
  readonly filter: number;
  readonly x: number;
  readonly dy: number;
  readonly places: number;
  /** From one place to the next in x. */
  readonly step: number;
}

function* runs(info: ConvolutionInfo): Generator<Run> {
  const { batchSize, filterHeight, filterWidth, inChannels, outChannels } = info;
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, left } = info.padInfo;
  for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
    for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
      const filter = (filterRow * filterWidth + filterColumn) * outChannels;
      const shift = filterColumn * dilationWidth - left; // column = outColumn · stride + shift
      const first = Math.max(0, Math.ceil(-shift / strideWidth));
      const places = Math.min(outWidth, Math.floor((inWidth - 1 - shift) / strideWidth) + 1) - first;
      if (places <= 0) continue;
      for (let image = 0; image < batchSize; image++) {
        for (let outRow = 0; outRow < outHeight; outRow++) {
          const row = outRow * strideHeight - top + filterRow * dilationHeight;
          if (row < 0 || row >= inHeight) continue;
          const x = ((image * inHeight + row) * inWidth + first * strideWidth + shift) * inChannels;
          const dy = ((image * outHeight + outRow) * outWidth + first) * outChannels;
          yield { filter, x, dy, places, step: strideWidth * inChannels };
        }
      }
    }
  }
}

function backpropFilter({
  inputs,
  backend,
  attrs,
}: {
  inputs: { x: tf.TensorInfo; dy: tf.TensorInfo };
  backend: WasmBackend;
  attrs: DepthwiseAttributes & { filterShape: Shape4 };
}): tf.TensorInfo {
  const info = convolutionInfo(inputs.x.shape as Shape4, attrs.filterShape, attrs);
  const { inChannels, outChannels } = info;
  const output = backend.makeOutput(attrs.filterShape, 'float32');
  const gradient = heapFloats(backend, output).fill(0);
  const [x, dy] = [heapFloats(backend, inputs.x), heapFloats(backend, inputs.dy)];
  if (inChannels === outChannels) {
    for (const { filter, x: xAt, dy: dyAt, places, step } of runs(info)) {
      for (let place = 0, from = xAt, of = dyAt; place < places; place++, from += step, of += outChannels) {
        for (let channel = 0; channel < inChannels; channel++) {
          gradient[filter + channel] += x[from + channel] * dy[of + channel];
        }
      }
    }
    return output;
  }
  const multiplier = outChannels / inChannels;
  for (const { filter, x: xAt, dy: dyAt, places, step } of runs(info)) {
    for (let place = 0, from = xAt, of = dyAt; place < places; place++, from += step, of += outChannels) {
      for (let channel = 0; channel < inChannels; channel++) {
        const value = x[from + channel];
        for (let i = channel * multiplier; i < (channel + 1) * multiplier; i++)
          gradient[filter + i] += value * dy[of + i];
      }
    }
  }
  return output;
}

function backpropInput({
  inputs,
  backend,
  attrs,
}: {
  inputs: { dy: tf.TensorInfo; filter: tf.TensorInfo };
  backend: WasmBackend;
  attrs: DepthwiseAttributes & { inputShape: Shape4 };
}): tf.TensorInfo {
  const info = convolutionInfo(attrs.inputShape, inputs.filter.shape as Shape4, attrs);
  const { inChannels, outChannels } = info;
  const output = backend.makeOutput(attrs.inputShape, 'float32');
  const gradient = heapFloats(backend, output).fill(0);
  const [filter, dy] = [heapFloats(backend, inputs.filter), heapFloats(backend, inputs.dy)];
  if (inChannels === outChannels) {
    for (const { filter: filterAt, x: xAt, dy: dyAt, places, step } of runs(info)) {
      for (let place = 0, to = xAt, of = dyAt; place < places; place++, to += step, of += outChannels) {
        for (let channel = 0; channel < inChannels; channel++) {
          gradient[to + channel] += filter[filterAt + channel] * dy[of + channel];
        }
      }
    }
    return output;
  }
  const multiplier = outChannels / inChannels;
  for (const { filter: filterAt, x: xAt, dy: dyAt, places, step } of runs(info)) {
    for (let place = 0, to = xAt, of = dyAt; place < places; place++, to += step, of += outChannels) {
      for (let channel = 0; channel < inChannels; channel++) {
        let sum = 0;
        for (let i = channel * multiplier; i < (channel + 1) * multiplier; i++)
          sum += filter[filterAt + i] * dy[of + i];
        gradient[to + channel] += sum;
      }
    }
  }
  return output;
}

registerKernel('DepthwiseConv2dNativeBackpropFilter', 'wasm', backpropFilter);
registerKernel('DepthwiseConv2dNativeBackpropInput', 'wasm', backpropInput);
