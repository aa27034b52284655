/**
 * Ops of TensorFlow that do in one pass what tfjs composes of several, each beside the composition that other backends run. Both give
 * the same numbers, up to rounding. They stand inside gradients of our own (`withGradient`) and have none themselves.
 */
import * as tf from '@tensorflow/tfjs';
import { isDifferentiatingTwice } from '../autodiff/captured.ts';
import { registerKernel, runKernel } from './register-kernel.ts';
import type { OpAttribute, TensorflowBackend } from './tensorflow.ts';

interface NativeArguments {
  inputs: tf.NamedTensorInfoMap;
  backend: unknown;
  attrs: NativeOpOptions;
}

export interface NativeOpOptions {
  readonly outputs?: number;
  /** Default: the dtype `T`, float32. */
  readonly attributes?: (binding: TensorflowBackend['binding']) => OpAttribute[];
}

/** One kernel for all of them: it runs the op that it is named after. */
function registerNativeOp(op: string): void {
  registerKernel<NativeArguments>(
    `Native${op}`,
    'tensorflow',
    ({ inputs, backend, attrs: { outputs = 1, attributes = floats } }) => {
      const native = backend as TensorflowBackend;
      const ids = native.getInputTensorIds(Object.values(inputs) as tf.TensorInfo[]);
      return native.binding
        .executeOp(op, attributes(native.binding), ids, outputs)
        .map((output) => native.createOutputTensor(output));
    },
  );
}

const floats = (binding: TensorflowBackend['binding']) => [
  { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
];

/** Whether TensorFlow's own ops can be had: they have no gradients, so not in what will be differentiated twice. */
export function hasNativeOps(): boolean {
  return tf.getBackend() === 'tensorflow' && !isDifferentiatingTwice();
}

/** Runs an op of TensorFlow by its name. */
export function nativeOp(op: string, inputs: readonly tf.Tensor[], options: NativeOpOptions = {}): tf.Tensor[] {
  if (tf.getKernel(`Native${op}`, 'tensorflow') === undefined) registerNativeOp(op);
  return runKernel(`Native${op}`, inputs, options as tf.NamedAttrMap);
}

/** x + b over the last dimension. @param x [..., W], rank 2 at least @param b [W] */
export function addBias(x: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return hasNativeOps() ? nativeOp('BiasAdd', [x, b])[0] : tf.add(x, b);
}

/** The sum over all dimensions but the last: a bias's gradient. @param x [..., W], rank 2 at least @returns [W] */
export function sumRows(x: tf.Tensor): tf.Tensor {
  if (hasNativeOps()) return nativeOp('BiasAddGrad', [x])[0];
  return tf.sum(x.rank === 2 ? x : tf.reshape(x, [-1, x.shape[x.rank - 1]]), 0);
}

/** dy where y > 0, else 0. @param y what relu gave */
export function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return hasNativeOps() ? nativeOp('ReluGrad', [dy, y])[0] : tf.mul(dy, tf.cast(tf.greater(y, 0), 'float32'));
}

/** dy · s · (1 − s). @param s what sigmoid gave */
export function sigmoidGradient(dy: tf.Tensor, s: tf.Tensor): tf.Tensor {
  return hasNativeOps() ? nativeOp('SigmoidGrad', [s, dy])[0] : tf.mul(dy, tf.mul(s, tf.sub(1, s)));
}

/** dy · (1 − t²). @param t what tanh gave */
export function tanhGradient(dy: tf.Tensor, t: tf.Tensor): tf.Tensor {
  return hasNativeOps() ? nativeOp('TanhGrad', [t, dy])[0] : tf.mul(dy, tf.sub(1, tf.square(t)));
}
