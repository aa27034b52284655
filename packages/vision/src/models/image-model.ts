import type { AttentionMap, Module, RandomStream } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import type { Grid } from '../layers/position-grid.ts';

/** Passing randomness is training mode. */
export interface ImageMode {
  readonly random?: RandomStream | undefined;
}

/** What classifies pictures. */
export interface ImageModel extends Module {
  /** @param images float32 [B, height, width, C], normalised @returns logits [B, classes] */
  forward(images: tf.Tensor4D, mode?: ImageMode): tf.Tensor2D;
  /** The places of the picture that attention is over, for pictures of this size; undefined where there is no such attention. */
  grid(height: number, width: number): Grid | undefined;
  /**
   * How much the model's decision looked at each place of the picture, by one map alone.
   *
   * @param map of a whole attention (all queries)
   * @param maps all that were captured with it: who pools the places may say which of them count
   * @returns [B, H, places], or undefined where the map is not over places
   */
  placesOf(map: AttentionMap, maps: readonly AttentionMap[]): tf.Tensor3D | undefined;
}
