import type { RandomStream } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';

/** What forecasting models look at. */
export type WindowBatch = {
  /** [B, C, T]: the past of every target, normalised. */
  readonly past: tf.Tensor3D;
  /** [B, P, T]: columns that are known up to the present, for models that read them. */
  readonly pastOnly?: tf.Tensor | undefined;
  /** [B, K, T + H]: columns that are known ahead too, for models that read them. */
  readonly knownFuture?: tf.Tensor | undefined;
};

export interface WindowMode {
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
}
