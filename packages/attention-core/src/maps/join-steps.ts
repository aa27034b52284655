import * as tf from '@tensorflow/tfjs';
import type { AttentionMap } from './capture.ts';

/**
 * The maps of a decoder that asked once per step (`alignment`, `alignment#2`, …) as one map per name, its queries in order.
 *
 * @returns maps [B, H, ΣL, S] that the caller disposes; those of `maps` stay the caller's too
 * @throws if maps of one name differ in shape other than in queries
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, capture, joinSteps } from '@heed/attention-core';
 * const memory = tf.ones([1, 5, 4]);
 * const query = tf.ones([1, 1, 4]);
 * const { maps } = capture(() => [1, 2, 3].map(() => attention({ query, key: memory, value: memory })));
 * joinSteps(maps)[0].weights.shape; // [1, 1, 3, 5]
 * ```
 */
export function joinSteps(maps: readonly AttentionMap[]): AttentionMap[] {
  const byName = new Map<string, tf.Tensor4D[]>();
  for (const { name, weights } of maps) {
    const base = name.replace(/#\d+$/, '');
    const [first, ...rest] = byName.get(base) ?? [];
    const shape = (tensor: tf.Tensor4D) => `[${[...tensor.shape.slice(0, 2), '·', tensor.shape[3]].join(',')}]`;
    if (first !== undefined && shape(first) !== shape(weights)) {
      throw new Error(`joinSteps: maps of ${base} must have one shape ${shape(first)}, got ${shape(weights)}`);
    }
    byName.set(base, first === undefined ? [weights] : [first, ...rest, weights]);
  }
  return [...byName].map(([name, steps]) => ({ name, weights: tf.concat(steps, 2) }));
}
