import * as tf from '@tensorflow/tfjs';

const buffers = new WeakSet<tf.Variable>();

/**
 * A state of a module that is saved with its weights but never trained: running statistics, a fixed projection. Assigned to a field, it is part of
 * `stateDict()`, checkpoints and published files; it is not counted as a parameter, and nothing can make it trainable.
 *
 * @param values row-major, as many as the shape has
 *
 * @example
 * ```ts
 * import { buffer, Module } from '@heed/attention-core';
 * class Counter extends Module {
 *   readonly steps = buffer(Float32Array.of(0), [1]);
 * }
 * const counter = new Counter();
 * counter.parameterCount(); // 0
 * Object.keys(counter.stateDict()); // ['steps']
 * ```
 */
export function buffer<R extends tf.Rank>(values: Float32Array, shape: tf.ShapeMap[R]): tf.Variable<R> {
  const initial = tf.tensor<R>(values, shape, 'float32');
  const variable = tf.variable<R>(initial, false);
  initial.dispose();
  Object.defineProperty(variable, 'trainable', { get: () => false, set: () => {}, enumerable: true });
  buffers.add(variable as tf.Variable);
  return variable;
}

/** Whether a variable is a buffer; a frozen weight is none. */
export function isBuffer(variable: tf.Variable): boolean {
  return buffers.has(variable);
}
