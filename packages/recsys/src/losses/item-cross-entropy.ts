import { withGradient } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** Items whose scores are held at once. */
const BLOCK = 8192;

/**
 * Cross-entropy of the next item among all, as the mean over the counted targets; 0 where none counts.
 *
 * With s = hidden · itemsᵀ: −s[target] + log Σ exp s. The sum runs over blocks of items, forward and backward, so that never more than
 * [T, 8192] scores are held, however many items there are.
 *
 * @param hidden float32 [T, M]
 * @param items float32 [V, M]: the items' vectors
 * @param targets int32 [T], each in [0, V), or −1 where a row does not count
 * @returns scalar, in nats
 * @throws if the shapes do not fit
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { itemCrossEntropy } from '@heed/recsys';
 * const items = tf.tensor2d([[1, 0], [0, 1], [1, 1]]);
 * itemCrossEntropy(tf.tensor2d([[2, 0]]), items, tf.tensor1d([0], 'int32')).print(); // ln(2 + e^−2) = 0.7586
 * ```
 */
export function itemCrossEntropy(hidden: tf.Tensor2D, items: tf.Tensor2D, targets: tf.Tensor1D): tf.Scalar {
  const [rows, width] = hidden.shape;
  const count = items.shape[0];
  if (items.shape[1] !== width || targets.shape[0] !== rows) {
    throw new Error(
      `itemCrossEntropy: hidden [T, M], items [V, M] and targets [T] must fit, got [${hidden.shape}], [${items.shape}], [${targets.shape}]`,
    );
  }
  return tf.tidy(() => {
    const counted = tf.greaterEqual(targets, 0); // [T]
    const known = tf.cast(tf.maximum(targets, 0), 'int32'); // [T]
    const weight = tf.div(1, tf.maximum(tf.sum(tf.cast(counted, 'float32')), 1));
    const share = tf.expandDims(tf.mul(tf.cast(counted, 'float32'), weight), 1); // [T, 1]
    return withGradient(
      [hidden, items],
      (hidden, items) => {
        let largest: tf.Tensor = tf.mul(tf.ones([rows, 1]), -3e38);
        let sum = tf.zeros([rows, 1]);
        for (let first = 0; first < count; first += BLOCK) {
          const scores = scoresOf(hidden, items, first); // [T, block]
          const next = tf.maximum(largest, tf.max(scores, 1, true));
          sum = tf.add(tf.mul(sum, tf.exp(tf.sub(largest, next))), tf.sum(tf.exp(tf.sub(scores, next)), 1, true));
          largest = next;
        }
        const normaliser = tf.add(largest, tf.log(sum)); // [T, 1]
        const wanted = tf.sum(tf.mul(hidden, tf.gather(items, known as tf.Tensor1D)), 1, true); // [T, 1]
        return {
          value: tf.sum(tf.mul(tf.sub(normaliser, wanted), share)),
          saved: [hidden, items, normaliser, known, share],
        };
      },
      (dy, [hidden, items, normaliser, known, share]) => {
        const scale = tf.mul(share, dy); // [T, 1]
        let byHidden = tf.mul(tf.gather(items, known as tf.Tensor1D), tf.neg(scale)); // [T, M]
        const byBlock: tf.Tensor[] = [];
        for (let first = 0; first < count; first += BLOCK) {
          const slopes = tf.mul(tf.exp(tf.sub(scoresOf(hidden, items, first), normaliser)), scale); // [T, block]
          const block = blockOf(items, first);
          byHidden = tf.add(byHidden, tf.matMul(slopes as tf.Tensor2D, block));
          byBlock.push(tf.matMul(slopes as tf.Tensor2D, hidden as tf.Tensor2D, true)); // [block, M]
        }
        const chosen = tf.unsortedSegmentSum(tf.mul(hidden, scale), known as tf.Tensor1D, count); // [V, M]
        return [byHidden, tf.sub(byBlock.length === 1 ? byBlock[0] : tf.concat(byBlock), chosen)];
      },
    ) as tf.Scalar;
  });
}

function blockOf(items: tf.Tensor, first: number): tf.Tensor2D {
  const [count, width] = items.shape as [number, number];
  return tf.slice(items as tf.Tensor2D, [first, 0], [Math.min(BLOCK, count - first), width]);
}

/** [T, block] */
function scoresOf(hidden: tf.Tensor, items: tf.Tensor, first: number): tf.Tensor {
  return tf.matMul(hidden as tf.Tensor2D, blockOf(items, first), false, true);
}
