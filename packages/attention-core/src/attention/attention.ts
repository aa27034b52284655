import * as tf from '@tensorflow/tfjs';
import type { AttentionOptions } from './attention-options.ts';
import { onBestPath } from './choose-path.ts';

export type { AttentionOptions } from './attention-options.ts';

/**
 * Attention in its four steps: score → mask → normalise → combine.
 *
 *     out = combine(normalise(mask(score(q, k) + bias)), v)
 *
 * A query that may see no key gets output 0, weights 0 and gradient 0.
 *
 * @returns [B, H, L, Dv], or [B, L, Dv] when the query has no head dimension
 * @throws if ranks, batch sizes, heads or key lengths do not agree
 * @source Bahdanau et al. 2015, Luong et al. 2015, Vaswani et al. 2017
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, causal } from '@heed/attention-core';
 * const x = tf.randomNormal([2, 4, 10, 16], 0, 1, 'float32', 7); // B = 2, H = 4, L = S = 10, D = 16
 * attention({ query: x, key: x, value: x, mask: causal() }).shape; // [2, 4, 10, 16]
 * ```
 */
export function attention(options: AttentionOptions): tf.Tensor {
  requireShapes(options);
  return tf.tidy(() => {
    if (options.query.rank === 4) return onBestPath(options);
    const [query, key, value] = [options.query, options.key, options.value].map((x) => tf.expandDims(x, 1)); // [B, 1, L, D]
    return tf.squeeze(onBestPath({ ...options, query, key, value }), [1]);
  });
}

function requireShapes({ query, key, value }: AttentionOptions): void {
  const received = `got query=[${query.shape}], key=[${key.shape}], value=[${value.shape}]`;
  if ((query.rank !== 3 && query.rank !== 4) || key.rank !== query.rank || value.rank !== query.rank) {
    throw new Error(
      `attention: query, key and value must all have rank 4 [B, H, L, D] or rank 3 [B, L, D], ${received}`,
    );
  }
  if (key.shape[0] !== query.shape[0] || value.shape[0] !== query.shape[0]) {
    throw new Error(`attention: query, key and value must have the same batch size, ${received}`);
  }
  if (key.shape.at(-2) !== value.shape.at(-2)) {
    throw new Error(`attention: key and value must have the same length S, ${received}`);
  }
  if (query.rank === 4 && (query.shape[1]! % key.shape[1]! !== 0 || key.shape[1] !== value.shape[1])) {
    throw new Error(
      `attention: query heads must be a multiple of key heads, and value heads equal key heads, ${received}`,
    );
  }
}
