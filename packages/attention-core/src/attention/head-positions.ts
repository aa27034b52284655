import type * as tf from '@tensorflow/tfjs';

/** Positions written into the queries and keys of every head, as rotary embeddings (`RotaryPositions`) do. */
export interface HeadPositions {
  /**
   * @param x queries or keys [B, H, L, D]
   * @param start position of the first: a number, or an int32 scalar (a cache's, in a recorded step). Default 0
   * @param length of the whole sequence so far, where it is not `start` + L
   * @returns [B, H, L, D]
   */
  apply(x: tf.Tensor, start?: number | tf.Tensor, length?: number | tf.Tensor): tf.Tensor;
  /** Whether what is written depends on the sequence's length, so that keys in a cache have to be kept without it. Default false. */
  readonly dependsOnLength?: boolean;
}
