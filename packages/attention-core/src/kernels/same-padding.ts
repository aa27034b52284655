/**
 * Strided convolutions with `same` padding on WASM: tfjs leaves the padding to XNNPACK, which gets it wrong where the filter is
 * narrower than the stride in one direction (1×3 with stride 2, say). Here it is given in numbers.
 */
import * as tf from '@tensorflow/tfjs';
import { overrideKernel } from './register-kernel.ts';

type Shape4 = [number, number, number, number];

interface ConvolutionArguments {
  inputs: { x: tf.TensorInfo; filter: tf.TensorInfo };
  backend: unknown;
  attrs: {
    strides: [number, number] | number;
    dilations?: [number, number] | number;
    pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  };
}

for (const name of ['Conv2D', 'FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2D']) {
  overrideKernel<ConvolutionArguments>(name, 'wasm', (stock) => (args) => {
    const { strides, dilations = 1, pad } = args.attrs;
    if (pad !== 'same') return stock(args);
    const { x, filter } = args.inputs;
    const depthwise = name.includes('Depthwise');
    const info = tf.backend_util.computeConv2DInfo(
      x.shape as Shape4,
      filter.shape as Shape4,
      strides,
      dilations,
      pad,
      undefined,
      depthwise,
    );
    if (info.strideHeight === 1 && info.strideWidth === 1) return stock(args);
    const { top, bottom, left, right } = info.padInfo;
    const margins: [number, number][] = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return stock({ ...args, attrs: { ...args.attrs, pad: margins as ConvolutionArguments['attrs']['pad'] } });
  });
}
