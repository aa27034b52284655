import type * as tf from '@tensorflow/tfjs';

/** Which scores may become weights. */
export interface Visibility {
  /** Boolean, broadcastable to the scores: true where the query may see the key. */
  readonly allowed: tf.Tensor;
  /** Whether some query may see no key at all. */
  readonly mayHideAll: boolean;
}

/**
 * The third of the four steps: scores to weights. Weights are exactly 0 where `visibility` hides the key, whatever its score, where the
 * score is −∞, and in a row without any visible key; no finite score makes a NaN.
 */
export interface Normaliser {
  readonly name: string;
  /** Present where the weights are exp(s) / Σ exp(s) and nothing else: such sums can be made block by block. */
  readonly exponential?: true;
  /** @param scores [..., L, S] @returns weights [..., L, S] */
  weights(scores: tf.Tensor, visibility?: Visibility): tf.Tensor;
}
