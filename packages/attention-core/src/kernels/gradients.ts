/**
 * Gradients that tfjs 4.22 has wrong on every backend:
 *
 * - `maximum`, `minimum`, `squaredDifference` and `matMul` do not sum over dimensions along which an argument was spread: an error.
 * - `cumsum` permutes axes that are already in place: an error, or silently wrong numbers where the axes are of equal length.
 * - `unstack` of one tensor: an error, since tfjs gives a gradient an array only where an op has several results.
 * - `mirrorPad` forgets what the mirrored margins add: silently wrong.
 *
 * and two that take many ops more than they need natively: `relu`'s, and `add`'s where a bias is added.
 */
import * as tf from '@tensorflow/tfjs';
import { reluGradient, sumRows } from './native-ops.ts';

type Slope = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

function registerBinary(kernelName: string, slopeOfA: Slope, slopeOfB: Slope): void {
  tf.registerGradient({
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved;
      const derivative = (of: tf.Tensor, slope: Slope) => () =>
        sumOverSpread(tf.mul(dy as tf.Tensor, slope(a, b)), of.shape);
      return { a: derivative(a, slopeOfA), b: derivative(b, slopeOfB) };
    },
  });
}

function sumOverSpread(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  if (shape.length === 1 && gradient.rank > 1 && shape[0] === gradient.shape.at(-1)) return sumRows(gradient);
  const axes = tf.broadcast_util.getReductionAxes(shape, gradient.shape);
  const summed = axes.length > 0 ? tf.sum(gradient, axes) : gradient;
  return tf.reshape(summed, shape);
}

const indicator = (condition: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Slope => {
  return (a, b) => tf.cast(condition(a, b), 'float32');
};

registerBinary('Maximum', indicator(tf.greaterEqual), indicator(tf.less));
registerBinary('Minimum', indicator(tf.lessEqual), indicator(tf.greater));
registerBinary(
  'SquaredDifference',
  (a, b) => tf.mul(tf.sub(a, b), 2),
  (a, b) => tf.mul(tf.sub(b, a), 2),
);

tf.registerGradient({
  kernelName: 'Add',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, [a, b]) => ({
    a: () => sumOverSpread(dy as tf.Tensor, a.shape),
    b: () => sumOverSpread(dy as tf.Tensor, b.shape),
  }),
});

tf.registerGradient({
  kernelName: 'Relu',
  outputsToSave: [true],
  gradFunc: (dy, [y]) => ({ x: () => reluGradient(dy as tf.Tensor, y) }),
});

// The two above may themselves be differentiated.
tf.registerGradient({
  kernelName: 'NativeReluGrad',
  inputsToSave: ['input1'],
  gradFunc: (dy, [y]) => ({ input0: () => reluGradient(dy as tf.Tensor, y), input1: () => tf.zerosLike(y) }),
});

tf.registerGradient({
  kernelName: 'NativeBiasAddGrad',
  inputsToSave: ['input0'],
  gradFunc: (dy, [x]) => ({ input0: () => tf.add(tf.zerosLike(x), dy as tf.Tensor) }),
});

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

tf.registerGradient({
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved, attributes) => {
    const [a, b] = saved;
    const { transposeA, transposeB } = attributes as unknown as MatMulAttributes;
    const y = dy as tf.Tensor;
    return {
      a: () =>
        sumOverSpread(transposeA ? tf.matMul(b, y, transposeB, true) : tf.matMul(y, b, false, !transposeB), a.shape),
      b: () =>
        sumOverSpread(transposeB ? tf.matMul(y, a, true, transposeA) : tf.matMul(a, y, !transposeA, false), b.shape),
    };
  },
});

tf.registerGradient({
  kernelName: 'Cumsum',
  gradFunc: (dy, _, attributes) => {
    const { axis, exclusive, reverse } = attributes as unknown as {
      axis: number;
      exclusive: boolean;
      reverse: boolean;
    };
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
  },
});

tf.registerGradient({
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attributes) => {
    const { paddings, mode } = attributes as unknown as { paddings: [number, number][]; mode: 'reflect' | 'symmetric' };
    return {
      x: () =>
        paddings.reduce((gradient, padding, axis) => addMargins(gradient, padding, axis, mode, x), dy as tf.Tensor),
    };
  },
});

/** Adds the margins of one axis to the places that they mirror. */
function addMargins(
  dy: tf.Tensor,
  [before, after]: [number, number],
  axis: number,
  mode: string,
  x: tf.Tensor,
): tf.Tensor {
  if (before + after === 0) return dy;
  const length = x.shape[axis];
  const edge = mode === 'reflect' ? 0 : 1;
  const sources = Array.from({ length: before + length + after }, (_, i) => {
    const position = i - before;
    if (position < 0) return -position - edge;
    return position < length ? position : 2 * (length - 1) - position + edge;
  });
  const order = [axis, ...dy.shape.keys()].filter((dimension, i) => i === 0 || dimension !== axis);
  const sums = tf.unsortedSegmentSum(tf.transpose(dy, order) as tf.Tensor2D, tf.tensor1d(sources, 'int32'), length);
  return tf.transpose(sums as tf.Tensor, tf.backend_util.getUndoAxesPermutation(order));
}

tf.registerGradient({
  kernelName: 'Unpack',
  gradFunc: (dy, _, attributes) => ({
    value: () => tf.stack(Array.isArray(dy) ? dy : [dy], (attributes as { readonly axis?: number }).axis ?? 0),
  }),
});
