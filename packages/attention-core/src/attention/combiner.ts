import * as tf from '@tensorflow/tfjs';

/** The last of the four steps: weights and values to the result. */
export interface Combiner {
  readonly name: string;
  /** @param weights [..., L, S] @param value [..., S, D] @returns [..., L, D] */
  combine(weights: tf.Tensor, value: tf.Tensor): tf.Tensor;
}

/** Σ wᵢ·vᵢ. */
export function weightedSum(): Combiner {
  return { name: 'sum', combine: (weights, value) => tf.matMul(weights, value) };
}
