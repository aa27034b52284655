import { fused, hasFused } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** Tensors laid end to end: float32 [P], which the caller owns. */
export function flattenTensors(tensors: readonly tf.Tensor[]): tf.Tensor1D {
  if (hasFused('HeedFlatten')) return fused('HeedFlatten', tensors)[0] as tf.Tensor1D;
  return tf.tidy(() => {
    const flat = tensors.map((tensor) =>
      tensor.rank === 1 ? (tensor as tf.Tensor1D) : tf.reshape<tf.Rank.R1>(tensor, [-1]),
    );
    return flat.length === 1 ? tf.clone(flat[0]) : tf.concat1d(flat); // [P]
  });
}

/** The tensors that `flat` [P] consists of, of the shapes of `like`; the caller owns them. */
export function splitFlat(flat: tf.Tensor, like: readonly tf.Tensor[]): tf.Tensor[] {
  if (hasFused('HeedUnflatten')) return fused('HeedUnflatten', [flat, ...like]);
  return tf.tidy(() => {
    const sizes = like.map(({ size }) => size);
    const parts = like.length === 1 ? [flat] : tf.split(flat, sizes);
    return parts.map((part, i) => (like.length > 1 && like[i].rank === 1 ? part : tf.reshape(part, like[i].shape)));
  });
}
