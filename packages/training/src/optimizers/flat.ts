import * as tf from '@tensorflow/tfjs';

/** Tensors laid end to end: float32 [P], which the caller owns. */
export function flattenTensors(tensors: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.tidy(() => {
    const flat = tensors.map((tensor) =>
      tensor.rank === 1 ? (tensor as tf.Tensor1D) : tf.reshape<tf.Rank.R1>(tensor, [-1]),
    );
    return flat.length === 1 ? tf.clone(flat[0]) : tf.concat1d(flat); // [P]
  });
}

/** The tensors of these shapes that `flat` [P] consists of; the caller owns them. */
export function splitFlat(flat: tf.Tensor, shapes: ReadonlyArray<readonly number[]>): tf.Tensor[] {
  return tf.tidy(() => {
    const sizes = shapes.map((shape) => shape.reduce((product, length) => product * length, 1));
    const parts = shapes.length === 1 ? [flat] : tf.split(flat, sizes);
    return parts.map((part, i) =>
      shapes.length > 1 && shapes[i].length === 1 ? part : tf.reshape(part, [...shapes[i]]),
    );
  });
}
