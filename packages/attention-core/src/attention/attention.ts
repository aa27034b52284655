import * as tf from '@tensorflow/tfjs';
import { attend } from './attend.ts';
import { requireTensors, resolveCall, type HeadTensors, type Operands } from './attention-call.ts';
import type { AttentionOptions } from './attention-options.ts';

export type { AttentionOptions } from './attention-options.ts';

/**
 * Attention in its four steps: score → mask → normalise → combine.
 *
 *     out = combine(normalise(mask(score(q, k) + bias)), v)
 *
 * What the mask hides has weight 0 whatever its score, key and value are; −∞ in the bias hides as the mask does. A query that may see no
 * key gets output 0, weights 0 and gradient 0.
 *
 * @returns [B, H, L, Dv], or [B, L, Dv] when the query has no head dimension
 * @throws if ranks, dtypes, batch sizes, heads or key lengths do not agree, or the mask or bias is for other sequences or heads
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
export function attention({ query, key, value, ...settings }: AttentionOptions): tf.Tensor {
  requireTensors({ query, key, value });
  return tf.tidy(() => {
    if (query.rank === 4) return attend(resolveCall(operandsOf({ query, key, value }), settings));
    const [q, k, v] = [query, key, value].map((x) => tf.expandDims(x, 1)); // [B, 1, L, D]
    return tf.squeeze(attend(resolveCall(operandsOf({ query: q, key: k, value: v }), settings)), [1]);
  });
}

/** Tensors that lie by head already. */
export function operandsOf(tensors: HeadTensors): Operands {
  const [batch, heads, queryLength] = tensors.query.shape as [number, number, number];
  const [, keyValueHeads, keyLength] = tensors.key.shape as [number, number, number];
  return { batch, heads, keyValueHeads, queryLength, keyLength, byHead: () => tensors };
}
