import * as tf from '@tensorflow/tfjs';
import type { Visibility } from './normaliser.ts';

/** The least finite float32. */
export const LEAST_FLOAT = -3.4028234663852886e38;

/**
 * Scores with −∞ for hidden ones, whatever they were, NaN included: no finite score is equal to it, and its exponential is 0. A score
 * that is −∞ already (from a bias, perhaps) is hidden as well.
 */
export function hideScores(scores: tf.Tensor, visibility: Visibility | undefined): tf.Tensor {
  return visibility === undefined ? scores : tf.where(visibility.allowed, scores, -Infinity);
}

/** The visibility of scores of which only those that are −∞ are hidden. */
export function everyKey(scores: tf.Tensor): Visibility {
  return { allowed: tf.ones([scores.shape.at(-1)!], 'bool'), mayHideAll: true };
}

/** The greatest of each row of `hideScores`, finite also where all are hidden. @returns [..., 1] */
export function greatestOf(hidden: tf.Tensor): tf.Tensor {
  return tf.maximum(tf.max(hidden, -1, true), LEAST_FLOAT);
}

/** Weights with exact zeros where `hidden`, of `hideScores`, has −∞. */
export function zeroWhereHidden(weights: tf.Tensor, hidden: tf.Tensor): tf.Tensor {
  return tf.where(tf.notEqual(hidden, -Infinity), weights, 0);
}
