import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { EMPTY_SEGMENT, unsortedSegmentMax } from '../kernels/unsorted-segment-max.ts';

/**
 * Softmax within segments: w_e = exp(s_e) / Σ exp(s_f) over the rows f of the same segment, column by column. With one segment
 * for each target node it is attention over the incoming edges of a graph (Veličković et al. 2018). Stable for any finite score.
 *
 * Padding edges go to a segment of their own, after the real ones.
 *
 * @param scores [E, ...], e.g. [E, H] for H heads
 * @param segmentIds int32 [E] with values in [0, numSegments), in any order; a greater one is an error
 * @returns weights of the scores' shape, which add up to 1 in every segment that has rows
 * @throws if there are not as many ids as rows
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { segmentSoftmax } from '@heed/attention-core';
 * const targets = tf.tensor1d([0, 1, 0], 'int32'); // edges 0 and 2 lead to node 0
 * segmentSoftmax(tf.tensor2d([[0], [5], [0]]), targets, 2).print(); // [[0.5], [1], [0.5]]
 * ```
 */
export function segmentSoftmax(scores: tf.Tensor, segmentIds: tf.Tensor1D, numSegments: number): tf.Tensor {
  requireIds('segmentSoftmax', scores, segmentIds);
  return withGradient(
    [scores],
    (scores) => {
      const greatest = tf.gather(unsortedSegmentMax(scores, segmentIds, numSegments), segmentIds); // [E, ...]
      const exponentials = tf.exp(tf.sub(scores, greatest));
      const sums = tf.unsortedSegmentSum(exponentials, segmentIds, numSegments); // [numSegments, ...]
      const weights = tf.div(exponentials, tf.gather(sums, segmentIds)); // [E, ...]
      return { value: weights, saved: [weights, segmentIds] };
    },
    (dy, [weights, ids]) => {
      const weighted = tf.mul(dy, weights);
      const sums = tf.unsortedSegmentSum(weighted, ids as tf.Tensor1D, numSegments);
      return [tf.sub(weighted, tf.mul(weights, tf.gather(sums, ids as tf.Tensor1D)))];
    },
    { again: 'backward' },
  );
}

/**
 * The sum of the rows of each segment: [E, ...] → [numSegments, ...]; 0 where a segment has none. Ids as in `segmentSoftmax`.
 */
export function segmentSum(values: tf.Tensor, segmentIds: tf.Tensor1D, numSegments: number): tf.Tensor {
  requireIds('segmentSum', values, segmentIds);
  return withGradient(
    [values],
    (values) => ({ value: tf.unsortedSegmentSum(values, segmentIds, numSegments), saved: [segmentIds] }),
    (dy, [ids]) => [tf.gather(dy, ids as tf.Tensor1D)],
  );
}

/** The mean of the rows of each segment; 0 where a segment has none. Shapes as in `segmentSum`. */
export function segmentMean(values: tf.Tensor, segmentIds: tf.Tensor1D, numSegments: number): tf.Tensor {
  return tf.tidy(() => {
    const sums = segmentSum(values, segmentIds, numSegments);
    const rows = tf.unsortedSegmentSum(tf.onesLike(segmentIds).cast('float32'), segmentIds, numSegments);
    return tf.div(sums, tf.reshape(tf.maximum(rows, 1), [numSegments, ...values.shape.slice(1).map(() => 1)]));
  });
}

/**
 * The greatest value of each segment and column; 0 where a segment has none. Equal greatest values share the gradient. Shapes as
 * in `segmentSum`.
 */
export function segmentMax(values: tf.Tensor, segmentIds: tf.Tensor1D, numSegments: number): tf.Tensor {
  requireIds('segmentMax', values, segmentIds);
  return withGradient(
    [values],
    (values) => {
      const greatest = unsortedSegmentMax(values, segmentIds, numSegments);
      const filled = tf.cast(tf.greater(greatest, EMPTY_SEGMENT), 'float32');
      const chosen = tf.cast(tf.equal(values, tf.gather(greatest, segmentIds)), 'float32');
      return { value: tf.mul(greatest, filled), saved: [chosen, segmentIds] };
    },
    (dy, [chosen, ids]) => {
      const ties = tf.maximum(tf.unsortedSegmentSum(chosen, ids as tf.Tensor1D, numSegments), 1);
      return [tf.mul(chosen, tf.gather(tf.div(dy, ties), ids as tf.Tensor1D))];
    },
    { again: 'backward' },
  );
}

function requireIds(owner: string, values: tf.Tensor, segmentIds: tf.Tensor1D): void {
  if (segmentIds.rank !== 1 || segmentIds.shape[0] !== values.shape[0]) {
    throw new Error(`${owner}: segmentIds must have shape [${values.shape[0]}], got [${segmentIds.shape}]`);
  }
}
