import type * as tf from '@tensorflow/tfjs';
import type { MaskRegion } from '../masks/mask.ts';

/** Numbers added to the scores before they are normalised: ALiBi, T5 buckets, relative positions. Biases with weights are Modules too. */
export interface Bias {
  readonly description: string;
  /** float32, broadcastable to [B, H, queries, keys] of the region. */
  values(region: MaskRegion): tf.Tensor;
}
