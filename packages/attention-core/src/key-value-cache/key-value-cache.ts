import type * as tf from '@tensorflow/tfjs';
import type { Mask, Place } from '../masks/mask.ts';

/** What a causal attention sees at a step: keys and values of the past and of the new positions. */
export interface CachedKeysAndValues {
  /** [B, K, S, D] */
  readonly key: tf.Tensor;
  /** [B, K, S, Dv] */
  readonly value: tf.Tensor;
  /** Which of the S slots each new position may see: causality, and what the cache does not hold. */
  readonly mask: Mask;
  /** Where the new positions and the slots stand in the sequence, for masks, biases and scores that ask for positions. */
  readonly place: Place;
}

/**
 * The keys and values of positions that were seen, so that a step computes those of the new ones only. One cache belongs to one
 * attention layer and is for inference: no gradient flows through it.
 */
export interface KeyValueCache {
  /** How many positions were seen, which is where the next one stands: a number, or an int32 scalar where steps are recorded. */
  start(): number | tf.Scalar;
  /** Adds the keys [B, K, L, D] and values [B, K, L, Dv] of L new positions. The result stays the cache's. */
  append(added: { readonly key: tf.Tensor; readonly value: tf.Tensor }): CachedKeysAndValues;
  /** Keeps the examples `indices` (int32 [B'], B' = B unless the cache grows) in their order, as beam search does. */
  reorder(indices: tf.Tensor1D): void;
  /** Forgets everything, for the next sequence. */
  reset(): void;
  dispose(): void;
}

/** Sizes of a cache whose memory is set aside at once. `layer.cacheShape` has those that depend on the layer. */
export interface CacheShape {
  /** B. */
  readonly batch: number;
  /** K: heads of keys and values. */
  readonly heads: number;
  /** D. */
  readonly headWidth: number;
  /** Dv. Default D. */
  readonly valueHeadWidth?: number;
}
