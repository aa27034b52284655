import { weight, type Random } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';

/** Uniform in ±√(6 / (rows + columns)) (Glorot & Bengio 2010), as graph papers begin. */
export function glorot(random: Random, shape: [number, number]): tf.Variable<tf.Rank.R2> {
  const bound = Math.sqrt(6 / (shape[0] + shape[1]));
  return weight<tf.Rank.R2>(random.uniforms(shape[0] * shape[1], -bound, bound), shape);
}
