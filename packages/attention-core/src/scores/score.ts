import type * as tf from '@tensorflow/tfjs';

/** The first of the four steps: how well each key answers each query. Scores with weights of their own are Modules too. */
export interface Score {
  readonly name: string;
  /** @param query [..., L, D] @param key [..., S, D'] @returns [..., L, S] */
  scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor;
  /** What depends on the keys alone, for decoders that ask the same keys at every step. Absent where nothing does. */
  prepareKeys?(key: tf.Tensor): tf.Tensor;
  /** The same score for keys that went through `prepareKeys`. */
  prepared?(): Score;
}
