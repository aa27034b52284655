/** `Conv3DBackpropInputV2` on WASM, where tfjs 4.22's own reads dy beyond its borders. */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';
import { heapFloats, type WasmBackend } from './wasm.ts';

type Shape5 = [number, number, number, number, number];

interface InputGradientArguments {
  inputs: { dy: tf.TensorInfo; filter: tf.TensorInfo };
  backend: WasmBackend;
  attrs: { pad: 'valid' | 'same'; strides: [number, number, number] | number; inputShape: Shape5 };
}

function conv3dBackpropInput({ inputs, backend, attrs }: InputGradientArguments): tf.TensorInfo {
  const info = tf.backend_util.computeConv3DInfo(
    attrs.inputShape,
    inputs.filter.shape as Shape5,
    attrs.strides,
    1,
    attrs.pad,
  );
  const { batchSize, inChannels, outChannels, padInfo } = info;
  const output = backend.makeOutput(attrs.inputShape, 'float32');
  const dx = heapFloats(backend, output).fill(0);
  const [dy, filter] = [heapFloats(backend, inputs.dy), heapFloats(backend, inputs.filter)];
  for (let batch = 0; batch < batchSize; batch++) {
    visitTaps(info.outDepth, info.filterDepth, info.strideDepth, padInfo.front, info.inDepth, (z, outZ, filterZ) => {
      visitTaps(
        info.outHeight,
        info.filterHeight,
        info.strideHeight,
        padInfo.top,
        info.inHeight,
        (y, outY, filterY) => {
          visitTaps(
            info.outWidth,
            info.filterWidth,
            info.strideWidth,
            padInfo.left,
            info.inWidth,
            (x, outX, filterX) => {
              const to = (((batch * info.inDepth + z) * info.inHeight + y) * info.inWidth + x) * inChannels;
              const from =
                (((batch * info.outDepth + outZ) * info.outHeight + outY) * info.outWidth + outX) * outChannels;
              let weight =
                ((filterZ * info.filterHeight + filterY) * info.filterWidth + filterX) * inChannels * outChannels;
              for (let channel = 0; channel < inChannels; channel++) {
                let sum = 0;
                for (let out = 0; out < outChannels; out++) sum += dy[from + out] * filter[weight++];
                dx[to + channel] += sum;
              }
            },
          );
        },
      );
    });
  }
  return output;
}

/** Calls `visit(input, output, filter)` for the positions along one dimension that meet inside the input. */
function visitTaps(
  outputs: number,
  filters: number,
  stride: number,
  padding: number,
  inputs: number,
  visit: (input: number, output: number, filter: number) => void,
): void {
  for (let output = 0; output < outputs; output++) {
    for (let filter = 0; filter < filters; filter++) {
      const input = output * stride - padding + filter;
      if (input >= 0 && input < inputs) visit(input, output, filter);
    }
  }
}

overrideKernel('Conv3DBackpropInputV2', 'wasm', () => conv3dBackpropInput);
