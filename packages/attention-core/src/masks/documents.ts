import * as tf from '@tensorflow/tfjs';
import { atSomePositions, keyPositions, queryPositions, type Mask, type Range } from './mask.ts';

/** Document ids: int32 [B, length], as a tensor or as rows of numbers. */
export type DocumentIds = tf.Tensor2D | readonly (readonly number[])[];

/**
 * Several documents packed into one sequence: a query sees the keys of its own document. With numbers instead of a tensor, blocks
 * that lie in different documents are known to be empty.
 *
 * @param keyIds which document each key belongs to
 * @param queryIds which document each query belongs to. Default: the keys' ids, for self-attention
 * @throws if the rows of numbers differ in length, or the ids do not fit the lengths that are asked for
 *
 * @example
 * ```ts
 * import { documents, printMask } from '@heed/attention-core';
 * printMask(documents([[0, 0, 1]]), 3, 3);
 * // ■ ■ ·
 * // ■ ■ ·
 * // · · ■
 * ```
 */
export function documents(keyIds: DocumentIds, queryIds: DocumentIds = keyIds): Mask {
  for (const ids of [keyIds, queryIds]) requireIds(ids);
  const slices = (ids: DocumentIds, range: Range, length: number, positions: tf.Tensor1D | undefined) => {
    const given = ids instanceof tf.Tensor ? ids.shape[1] : ids[0].length;
    const whole = ids instanceof tf.Tensor ? ids : tf.tensor2d(ids.flat(), [ids.length, given], 'int32');
    if (positions !== undefined) return atSomePositions(whole, positions, 1); // [B, range]
    if (given !== length) throw new Error(`documents: ids must be as many as positions, got ${given} for ${length}`);
    return tf.slice(whole, [0, range.start], [-1, range.end - range.start]); // [B, range]
  };
  return {
    description: `documents(${keyIds instanceof tf.Tensor ? 'tensor' : `${keyIds.length} × ${keyIds[0].length}`})`,
    allowed: (region) =>
      tf.tidy(() => {
        const { queries, keys, queryLength, keyLength, place } = region;
        const [atQueries, atKeys] = place === undefined ? [] : [queryPositions(region), keyPositions(region)];
        const q = tf.expandDims(slices(queryIds, queries, queryLength, atQueries), 2);
        const k = tf.expandDims(slices(keyIds, keys, keyLength, atKeys), 1);
        return tf.expandDims(tf.equal(q, k), 1); // [B, 1, queries, keys]
      }),
    occupancy({ queries, keys }) {
      if (keyIds instanceof tf.Tensor || queryIds instanceof tf.Tensor) return 'mixed';
      const pairs = Array.from({ length: Math.max(keyIds.length, queryIds.length) }, (_, b) => {
        const q = new Set(rowOf(queryIds, b).slice(queries.start, queries.end));
        const k = new Set(rowOf(keyIds, b).slice(keys.start, keys.end));
        return { shared: [...q].some((id) => k.has(id)), single: q.size === 1 && k.size === 1 };
      });
      if (pairs.every(({ shared }) => !shared)) return 'empty';
      return pairs.every(({ shared, single }) => shared && single) ? 'full' : 'mixed';
    },
    mayHideAll: () => queryIds !== keyIds,
  };
}

/** A single row stands for every sequence of the batch. */
function rowOf(ids: readonly (readonly number[])[], sequence: number): readonly number[] {
  return ids.length === 1 ? ids[0] : ids[sequence];
}

function requireIds(ids: DocumentIds): void {
  if (ids instanceof tf.Tensor) {
    if (ids.rank !== 2) throw new Error(`documents: ids must have shape [B, length], got [${ids.shape}]`);
    return;
  }
  if (ids.length === 0 || ids.some((row) => row.length !== ids[0].length)) {
    throw new Error(
      `documents: ids must be rows of one length, got lengths [${ids.map((row) => row.length).join(', ')}]`,
    );
  }
}
