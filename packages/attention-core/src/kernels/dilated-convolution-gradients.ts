/**
 * Gradients of dilated convolutions, which tfjs refuses. Our kernels on WASM take dilations; elsewhere they are the gradients of the plain
 * convolution whose filter is the dilated one with zeros between its numbers.
 */
import * as tf from '@tensorflow/tfjs';

type Pair = readonly [number, number];

interface ConvolutionAttributes {
  readonly dilations?: number | Pair;
  readonly [other: string]: unknown;
}

/** [h, w, ...] → [(h − 1)·dh + 1, (w − 1)·dw + 1, ...] with zeros between. */
function dilate(filter: tf.Tensor, [byRow, byColumn]: Pair): tf.Tensor {
  const [height, width, ...channels] = filter.shape;
  const apart = tf.pad(tf.reshape(filter, [height, 1, width, 1, -1]), [
    [0, 0],
    [0, byRow - 1],
    [0, 0],
    [0, byColumn - 1],
    [0, 0],
  ]);
  const rows = tf.reshape(apart, [height * byRow, width * byColumn, ...channels]);
  return tf.slice(rows, [0, 0], [(height - 1) * byRow + 1, (width - 1) * byColumn + 1]);
}

/** What `dilate` made of the filter's gradient, without the places between. */
function undilate(gradient: tf.Tensor, [byRow, byColumn]: Pair, shape: number[]): tf.Tensor {
  const [height, width] = shape;
  const margins = gradient.shape.map((_, axis) => [0, axis === 0 ? byRow - 1 : axis === 1 ? byColumn - 1 : 0] as Pair);
  const padded = tf.reshape(tf.pad(gradient, margins as [number, number][]), [height, byRow, width, byColumn, -1]);
  return tf.reshape(tf.slice(padded, [0, 0, 0, 0], [-1, 1, -1, 1]), shape);
}

function register(kernelName: string, backpropInput: string, backpropFilter: string): void {
  const stock = tf.getGradient(kernelName);
  tf.registerGradient({
    ...stock,
    gradFunc: (dy, saved, attributes) => {
      const { dilations = 1, ...others } = attributes as unknown as ConvolutionAttributes;
      const pair: Pair = typeof dilations === 'number' ? [dilations, dilations] : dilations;
      if (pair[0] === 1 && pair[1] === 1) return stock.gradFunc(dy, saved, attributes);
      const [x, filter] = saved;
      const takesDilations = tf.getBackend() === 'wasm';
      const attrs = { ...others, dilations: takesDilations ? pair : [1, 1] };
      const run = (kernel: string, inputs: Record<string, tf.Tensor>, shapes: Record<string, number[]>) =>
        tf.engine().runKernel(kernel, inputs, { ...attrs, ...shapes } as tf.NamedAttrMap) as tf.Tensor;
      if (takesDilations) {
        return {
          x: () => run(backpropInput, { dy: dy as tf.Tensor, filter }, { inputShape: x.shape }),
          filter: () => run(backpropFilter, { x, dy: dy as tf.Tensor }, { filterShape: filter.shape }),
        };
      }
      return {
        x: () => run(backpropInput, { dy: dy as tf.Tensor, filter: dilate(filter, pair) }, { inputShape: x.shape }),
        filter: () => {
          const [height, width, ...channels] = filter.shape;
          const filterShape = [(height - 1) * pair[0] + 1, (width - 1) * pair[1] + 1, ...channels];
          return undilate(run(backpropFilter, { x, dy: dy as tf.Tensor }, { filterShape }), pair, filter.shape);
        },
      };
    },
  });
}

register('Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter');
register('DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter');
