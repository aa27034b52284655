/** Single operations in plain tfjs: with Heed's kernels or without, as the process was started. */
import * as tf from '@tensorflow/tfjs';

export function prepare({ operation }: { readonly operation: string }): () => tf.Tensor {
  const made = operations[operation]();
  const [x, y] = [1, 2].map((seed) => tf.randomUniform([8, 256, 1024], -1, 1, 'float32', seed));
  return () => tf.tidy(() => made(x, y));
}

const ids = tf.range(0, 2048, 1, 'int32').mul(tf.scalar(7, 'int32')).mod(tf.scalar(2048, 'int32'));
const rows = (x: tf.Tensor) => tf.reshape(x, [2048, 1024]);

/** Each makes the function of two tensors [8, 256, 1024] that is measured. */
const operations: Record<string, () => (x: tf.Tensor, y: tf.Tensor) => tf.Tensor> = {
  'matMul, [256, 1024] · [1024, 256]': () => (x, y) =>
    tf.matMul(tf.slice(rows(x), [0, 0], [256, 1024]), tf.reshape(tf.slice(rows(y), [0, 0], [256, 1024]), [1024, 256])),
  'matMul, 8 × [256, 1024] · [1024, 64]': () => {
    const b = tf.randomUniform([8, 1024, 64], -1, 1, 'float32', 9);
    return (x) => tf.matMul(x, b);
  },
  'matMul, one side transposed': () => (x, y) =>
    tf.matMul(tf.slice(rows(x), [0, 0], [256, 1024]), tf.slice(rows(y), [0, 0], [256, 1024]), false, true),
  'matMul, one row': () => {
    const w = tf.randomUniform([1024, 1024], -1, 1, 'float32', 9);
    return (x) => tf.matMul(tf.slice(rows(x), [0, 0], [1, 1024]), w as tf.Tensor2D);
  },
  exp: () => (x) => tf.exp(x),
  tanh: () => (x) => tf.tanh(x),
  'maximum with a row': () => (x, y) => tf.maximum(x, tf.slice(y, [0, 0, 0], [1, 1, 1024])),
  'minimum of two': () => (x, y) => tf.minimum(x, y),
  'sum over the first dimensions': () => (x) => tf.sum(x, [0, 1]),
  'mean over the middle dimension': () => (x) => tf.mean(x, 1),
  transpose: () => (x) => tf.transpose(rows(x)),
  'transpose in batches': () => (x) => tf.transpose(x, [0, 2, 1]),
  'slice of rows': () => (x) => tf.slice(x, [0, 64, 0], [8, 128, 1024]),
  'slice of columns': () => (x) => tf.slice(x, [0, 0, 100], [8, 256, 800]),
  tile: () => (x) => tf.tile(tf.slice(x, [0, 0, 0], [8, 256, 1]), [1, 1, 1024]),
  'gather of rows': () => (x) => tf.gather(rows(x), ids as tf.Tensor1D),
  clone: () => (x) => tf.clone(x),
  'max pooling, gradient': () => {
    const images = tf.randomUniform([8, 64, 64, 16], -1, 1, 'float32', 3);
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')));
    return () => gradient(images);
  },
};
