import * as tf from '@tensorflow/tfjs';
import { keyPositions, queryPositions, type Mask } from './mask.ts';

/**
 * Any rule over positions, written in tensor ops (FlexAttention's `mask_mod`).
 *
 * @param visible from int32 positions q [queries, 1] and k [1, keys] to a boolean tensor [queries, keys], true where the query
 *   may see the key
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { fromPredicate, printMask } from '@heed/attention-core';
 * printMask(fromPredicate(({ q, k }) => tf.notEqual(q, k)), 3, 3);
 * // · ■ ■
 * // ■ · ■
 * // ■ ■ ·
 * ```
 */
export function fromPredicate(
  visible: (positions: { readonly q: tf.Tensor; readonly k: tf.Tensor }) => tf.Tensor,
): Mask {
  return {
    description: 'fromPredicate(…)',
    allowed: (region) =>
      tf.tidy(() =>
        visible({ q: tf.expandDims(queryPositions(region), 1), k: tf.expandDims(keyPositions(region), 0) }),
      ),
    occupancy: () => 'mixed',
    mayHideAll: () => true,
  };
}
