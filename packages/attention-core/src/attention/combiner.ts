import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { MaskRegion } from '../masks/mask.ts';

/** The last of the four steps: weights and values to the result. */
export interface Combiner {
  readonly name: string;
  /** Present where the result is Σ wᵢ·vᵢ and nothing else: such sums can be made block by block. */
  readonly linear?: true;
  /**
   * @param weights [..., L, S]. Where several query heads share a value head, their L rows lie one below the other
   * @param value [..., S, D]
   * @param region which positions of the whole sequence these are, for combiners that depend on positions. Default: all
   * @returns [..., L, D]
   */
  combine(weights: tf.Tensor, value: tf.Tensor, region?: MaskRegion): tf.Tensor;
}

/** Σ wᵢ·vᵢ. */
export function weightedSum(): Combiner {
  return { name: 'sum', linear: true, combine: (weights, value) => tf.matMul(weights, value) };
}

/**
 * The value with the greatest weight, times that weight: what `weightedSum` gives for the one-hot weights of hard attention, read
 * instead of summed. Its gradient is that of the sum, which a straight-through normaliser needs.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { gather } from '@heed/attention-core';
 * gather().combine(tf.tensor2d([[0, 1, 0]]), tf.tensor2d([[5], [6], [7]])).print(); // [[6]]
 * ```
 */
export function gather(): Combiner {
  return {
    name: 'gather',
    combine: (weights, value) =>
      withGradient(
        [weights, value],
        (weights, value) => ({ value: gatherChosen(weights, value), saved: [weights, value] }),
        (dy, [weights, value]) => [tf.matMul(dy, value, false, true), tf.matMul(weights, dy, true, false)],
        { again: 'backward' },
      ),
  };
}

function gatherChosen(weights: tf.Tensor, value: tf.Tensor): tf.Tensor {
  const [keys, width] = value.shape.slice(-2) as [number, number];
  const queries = weights.shape.at(-2)!;
  const matrices = value.size / (keys * width); // B·H
  const chosen = tf.reshape(tf.argMax(weights, -1), [matrices, queries]);
  const offsets = tf.mul(tf.range(0, matrices, 1, 'int32'), tf.scalar(keys, 'int32')); // where each matrix begins
  const rows = tf.reshape(tf.add(chosen, tf.expandDims(offsets, 1)), [-1]) as tf.Tensor1D;
  const values = tf.gather(tf.reshape(value, [-1, width]), rows); // [B·H·L, D]
  return tf.mul(tf.reshape(values, [...weights.shape.slice(0, -1), width]), tf.max(weights, -1, true));
}
