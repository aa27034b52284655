import * as tf from '@tensorflow/tfjs';
import { wholeRegion, type Mask } from '../../masks/mask.ts';
import type { Visibility } from '../../normalisers/normaliser.ts';

/** Two sequences that attend to each other: the words of a question and the regions of an image, or any others. */
export interface TwoSequences {
  /** [B, T, wordWidth] */
  readonly words: tf.Tensor;
  /** [B, N, regionWidth] */
  readonly regions: tf.Tensor;
  /** Which words may be seen, whoever asks: `padding(lengths)`. Default: all. */
  readonly wordMask?: Mask | undefined;
  /** Which regions may be seen. Default: all. */
  readonly regionMask?: Mask | undefined;
}

/** Both sequences, or one vector for each. */
export interface WordsAndRegions {
  readonly words: tf.Tensor;
  readonly regions: tf.Tensor;
}

/** Which of `length` positions may be seen: boolean, broadcastable to [B, 1, 1, length]. */
export function visiblePositions(mask: Mask | undefined, length: number): Visibility | undefined {
  if (mask === undefined) return undefined;
  return { allowed: mask.allowed(wholeRegion(1, length)), mayHideAll: mask.mayHideAll(1, length) };
}

/** 1 where a position may be seen, else 0, as a column beside a sequence: [B, length, 1]. */
export function visibleColumn(mask: Mask | undefined, length: number): tf.Tensor | undefined {
  const visible = visiblePositions(mask, length);
  return visible === undefined ? undefined : tf.reshape(tf.cast(visible.allowed, 'float32'), [-1, length, 1]);
}

/** The sequence with zeros at hidden positions. @param visible [B, L, 1] from `visibleColumn` */
export function hidePositions(x: tf.Tensor, visible: tf.Tensor | undefined): tf.Tensor {
  return visible === undefined ? x : tf.mul(x, visible);
}
