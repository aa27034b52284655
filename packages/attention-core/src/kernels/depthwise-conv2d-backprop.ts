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

/**
 * Calls `visit` for each place of the filter on each place of the output that lies inside the image, with the offsets of the
 * first channel in x, dy and the filter.
 */
function visitPlaces(info: ConvolutionInfo, visit: (x: number, dy: number, filter: number) => void): void {
  const { batchSize, filterHeight, filterWidth, inChannels, outChannels } = info;
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, left } = info.padInfo;
  for (let filterRow = 0; filterRow < filterHeight; filterRow++) {
    for (let filterColumn = 0; filterColumn < filterWidth; filterColumn++) {
      const filter = (filterRow * filterWidth + filterColumn) * outChannels;
      for (let image = 0; image < batchSize; image++) {
        for (let outRow = 0; outRow < outHeight; outRow++) {
          const row = outRow * strideHeight - top + filterRow * dilationHeight;
          if (row < 0 || row >= inHeight) continue;
          for (let outColumn = 0; outColumn < outWidth; outColumn++) {
            const column = outColumn * strideWidth - left + filterColumn * dilationWidth;
            if (column < 0 || column >= inWidth) continue;
            visit(
              ((image * inHeight + row) * inWidth + column) * inChannels,
              ((image * outHeight + outRow) * outWidth + outColumn) * outChannels,
              filter,
            );
          }
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
  const multiplier = outChannels / inChannels;
  const output = backend.makeOutput(attrs.filterShape, 'float32');
  const gradient = heapFloats(backend, output).fill(0);
  const [x, dy] = [heapFloats(backend, inputs.x), heapFloats(backend, inputs.dy)];
  visitPlaces(info, (xAt, dyAt, filterAt) => {
    for (let channel = 0; channel < inChannels; channel++) {
      const value = x[xAt + channel];
      for (let i = channel * multiplier; i < (channel + 1) * multiplier; i++) {
        gradient[filterAt + i] += value * dy[dyAt + i];
      }
    }
  });
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
  const multiplier = outChannels / inChannels;
  const output = backend.makeOutput(attrs.inputShape, 'float32');
  const gradient = heapFloats(backend, output).fill(0);
  const [filter, dy] = [heapFloats(backend, inputs.filter), heapFloats(backend, inputs.dy)];
  visitPlaces(info, (xAt, dyAt, filterAt) => {
    for (let channel = 0; channel < inChannels; channel++) {
      let sum = 0;
      for (let i = channel * multiplier; i < (channel + 1) * multiplier; i++)
        sum += filter[filterAt + i] * dy[dyAt + i];
      gradient[xAt + channel] += sum;
    }
  });
  return output;
}

registerKernel('DepthwiseConv2dNativeBackpropFilter', 'wasm', backpropFilter);
registerKernel('DepthwiseConv2dNativeBackpropInput', 'wasm', backpropInput);
