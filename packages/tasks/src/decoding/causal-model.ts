import type { KeyValueCache, Module } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';

/** A model that tells the next token from those before it. */
export interface CausalModel extends Module {
  readonly config: {
    /** V: token indices lie in [0, vocabularySize). */
    readonly vocabularySize: number;
    /** The most tokens that are seen at once. */
    readonly maximumLength: number;
  };
  readonly layers: readonly Module[];
  /**
   * The logits of the token after the last.
   *
   * @param tokens int32 [B, L]; with caches, those after the ones that the caches have seen
   * @returns [B, V]
   */
  next(tokens: tf.Tensor2D, mode?: { readonly caches?: readonly KeyValueCache[] | undefined }): tf.Tensor2D;
}
