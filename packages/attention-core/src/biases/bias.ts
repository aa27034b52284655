import type * as tf from '@tensorflow/tfjs';
import type { MaskRegion } from '../masks/mask.ts';

/**
 * Numbers added to the scores before they are normalised: ALiBi, T5 buckets, relative tables. Biases with weights are Modules too.
 * What also depends on the query (Shaw, Music Transformer, Transformer-XL) is a `Score`.
 */
export interface Bias {
  readonly description: string;
  /** float32, broadcastable to [B, H, queries, keys] of the region. */
  values(region: MaskRegion): tf.Tensor;
}
