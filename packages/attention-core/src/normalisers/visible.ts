import * as tf from '@tensorflow/tfjs';
import type { Visibility } from './normaliser.ts';

/** Half of the greatest float32: below every sensible score, and finite when scores are subtracted from it. */
const BOUND = 1.7e38;

/** Scores with hidden ones so low that they are never the greatest and their exponential is 0; no other score changes. */
export function hideScores(scores: tf.Tensor, visibility: Visibility | undefined): tf.Tensor {
  return visibility === undefined ? scores : tf.minimum(scores, greatestScores(visibility.allowed));
}

/** What scores may be at most: hidden ones so little that they are as good as hidden. @returns of the shape of `allowed` */
export function greatestScores(allowed: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sub(tf.cast(allowed, 'float32'), 0.5), 2 * BOUND); // BOUND or −BOUND
}

/** Weights with exact zeros in rows that are hidden throughout. */
export function visibleOrZero(weights: tf.Tensor, visibility: Visibility | undefined): tf.Tensor {
  return visibility?.mayHideAll === true ? tf.mul(weights, tf.cast(visibility.allowed, 'float32')) : weights;
}
