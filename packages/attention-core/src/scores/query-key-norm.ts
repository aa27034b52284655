import * as tf from '@tensorflow/tfjs';
import type { Score } from './score.ts';

/** What normalises the last dimension: `LayerNorm`, `RmsNorm`, or anything with the same `forward`. */
export interface HeadNorm {
  /** @param x [..., D] @returns the same shape */
  forward(x: tf.Tensor): tf.Tensor;
}

/**
 * Queries and keys normalised before they are scored, which keeps scores from growing in training (Henry et al. 2020, Dehghani
 * et al. 2023). The norms are the caller's, for a Module to list.
 *
 * @param norms over each head's width D; one norm may serve both
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, queryKeyNorm, RmsNorm, scaledDot } from '@heed/attention-core';
 * const norms = { query: new RmsNorm({ width: 4 }), key: new RmsNorm({ width: 4 }) };
 * const x = tf.ones([1, 2, 5, 4]);
 * attention({ query: x, key: x, value: x, score: queryKeyNorm(scaledDot(), norms) }).shape; // [1, 2, 5, 4]
 * ```
 */
export function queryKeyNorm(score: Score, norms: { readonly query: HeadNorm; readonly key: HeadNorm }): Score {
  const normKey = (key: tf.Tensor) => norms.key.forward(key);
  const forKeysThatAre = (inner: Score, prepared: boolean): Score => ({
    name: `norm(${score.name})`,
    scores: (query, key, region) =>
      tf.tidy(() => inner.scores(norms.query.forward(query), prepared ? key : normKey(key), region)),
  });
  const asProducts = (query: tf.Tensor, key: tf.Tensor) => score.asProducts!(norms.query.forward(query), normKey(key));
  return {
    ...forKeysThatAre(score, false),
    ...(score.asProducts === undefined ? {} : { asProducts }),
    prepareKeys: (key) => tf.tidy(() => score.prepareKeys?.(normKey(key)) ?? normKey(key)),
    prepared: () => forKeysThatAre(score.prepared?.() ?? score, true),
  };
}
