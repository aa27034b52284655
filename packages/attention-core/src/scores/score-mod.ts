import * as tf from '@tensorflow/tfjs';
import { changeScores, unfoldHeads, type Score } from './score.ts';
import { wholeRegion } from '../masks/mask.ts';

/** Where each score stands, as int32 tensors that broadcast against the scores [B, H, L, S]. */
export interface ScoreIndices {
  /** Sequence of the batch: [B, 1, 1, 1]. */
  readonly b: tf.Tensor;
  /** Query head: [1, H, 1, 1]. */
  readonly h: tf.Tensor;
  /** Position of the query: [1, 1, L, 1]. */
  readonly q: tf.Tensor;
  /** Position of the key: [1, 1, 1, S]. */
  readonly k: tf.Tensor;
}

/**
 * Any change of the scores that can be written in tensor ops (FlexAttention, Dong et al. 2024): `modify` gets the scores and the
 * indices of batch, head, query and key. A score that becomes −∞ is hidden.
 *
 * @param modify from scores [B, H, L, S] to scores of the same shape; on the blockwise path it is called block by block,
 *   with the positions of the block
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { attention, scaledDot, scoreMod } from '@heed/attention-core';
 * const nearer = scoreMod(scaledDot(), (scores, { q, k }) => tf.sub(scores, tf.mul(0.1, tf.abs(tf.sub(q, k)))));
 * const x = tf.ones([1, 2, 5, 4]);
 * attention({ query: x, key: x, value: x, score: nearer }).shape; // [1, 2, 5, 4]
 * ```
 */
export function scoreMod(score: Score, modify: (scores: tf.Tensor, indices: ScoreIndices) => tf.Tensor): Score {
  const changed = changeScores(
    score,
    'mod',
    (scores, region = wholeRegion(scores.shape.at(-2)!, scores.shape.at(-1)!)) => {
      const { queries, keys } = region;
      const unfolded = unfoldHeads(toRank4(scores), region); // [B, H, L, S]
      const [batch, heads] = unfolded.shape;
      const modified = modify(unfolded, {
        b: tf.reshape(tf.range(0, batch, 1, 'int32'), [batch, 1, 1, 1]),
        h: tf.reshape(tf.range(0, heads, 1, 'int32'), [1, heads!, 1, 1]),
        q: tf.reshape(tf.range(queries.start, queries.end, 1, 'int32'), [1, 1, queries.end - queries.start, 1]),
        k: tf.reshape(tf.range(keys.start, keys.end, 1, 'int32'), [1, 1, 1, keys.end - keys.start]),
      });
      if (String(modified.shape) !== String(unfolded.shape)) {
        throw new Error(`scoreMod: modify must keep the shape [${unfolded.shape}], got [${modified.shape}]`);
      }
      return tf.reshape(modified, scores.shape);
    },
  );
  return { ...changed, mayHide: true };
}

function toRank4(scores: tf.Tensor): tf.Tensor {
  if (scores.rank === 4) return scores;
  const [keys, queries, batch = 1] = scores.shape.slice().reverse();
  return tf.reshape(scores, [batch, 1, queries!, keys!]);
}
