import * as tf from '@tensorflow/tfjs';
import type { AttentionMap } from '../capture.ts';

export interface RolloutOptions {
  /** The share of each token that passes by the attention, on the residual connection. Default 0.5. */
  readonly residual?: number;
  /** How heads become one map. Default `mean`, as in the paper. */
  readonly fuse?: 'mean' | 'max' | 'min';
}

/**
 * Attention rollout (Abnar & Zuidema 2020): how much each top token has of each input token, when every layer mixes tokens by its
 * weights and passes on a part of each unmixed.
 *
 *     A_l = residual · I + (1 − residual) · fuse(W_l), rows summing to 1;   rollout = A_n · … · A_1
 *
 * @param maps self-attention maps [B, H, L, L] from the bottom layer to the top
 * @returns a map [B, 1, L, L] called `rollout`, rows summing to 1; the caller disposes it
 * @throws if there is no map, shapes differ or residual is outside [0, 1)
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { rollout } from '@heed/attention-core';
 * const weights = tf.tensor4d([[[[1, 0], [1, 0]]]]); // both tokens look at the first
 * rollout([{ name: 'layer 1', weights }]).weights.print(); // [[1, 0], [0.5, 0.5]]
 * ```
 */
export function rollout(maps: readonly AttentionMap[], options: RolloutOptions = {}): AttentionMap {
  requireSelfAttention('rollout', maps);
  const weights = tf.tidy(() => {
    const mixed = maps.map((map) => withResidual(map, options)); // [B, L, L] each
    return tf.expandDims(
      mixed.reduce((below, layer) => tf.matMul(layer, below)),
      1,
    ) as tf.Tensor4D;
  });
  return { name: 'rollout', weights };
}

/** One layer as it moves tokens: heads fused, the residual share added, rows summing to 1. @returns [B, L, L] */
export function withResidual({ weights }: AttentionMap, { residual = 0.5, fuse = 'mean' }: RolloutOptions): tf.Tensor {
  if (!(residual >= 0 && residual < 1)) throw new Error(`rollout: residual must be in [0, 1), got ${residual}`);
  return tf.tidy(() => {
    const fused = fuse === 'mean' ? tf.mean(weights, 1) : fuse === 'max' ? tf.max(weights, 1) : tf.min(weights, 1);
    const mixed = tf.add(tf.mul(normaliseRows(fused), 1 - residual), tf.mul(tf.eye(weights.shape[3]), residual));
    return normaliseRows(mixed);
  });
}

/** @throws unless there are maps, all of one shape [B, H, L, L] but for the heads */
export function requireSelfAttention(owner: string, maps: readonly AttentionMap[]): void {
  if (maps.length === 0) throw new Error(`${owner}: at least one map is needed, got none`);
  const [batch, , length] = maps[0].weights.shape;
  for (const { name, weights } of maps) {
    const [b, , queries, keys] = weights.shape;
    if (b !== batch || queries !== length || keys !== length) {
      throw new Error(`${owner}: maps must all be self-attention [B, H, L, L], got ${name} [${weights.shape}]`);
    }
  }
}

/** Rows that sum to 1, or stay 0. */
function normaliseRows(x: tf.Tensor): tf.Tensor {
  const sums = tf.sum(x, -1, true);
  return tf.div(x, tf.add(sums, tf.cast(tf.equal(sums, 0), 'float32')));
}
