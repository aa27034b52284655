import type * as tf from '@tensorflow/tfjs';

/** Positions written into the queries and keys of every head, as rotary embeddings (`RotaryPositions`) do. */
export interface HeadPositions {
  /**
   * @param x queries or keys [B, H, L, D]
   * @param start position of the first: a number, or an int32 scalar (a cache's, in a recorded step). Default 0
   * @returns [B, H, L, D]
   */
  apply(x: tf.Tensor, start?: number | tf.Scalar): tf.Tensor;
}
