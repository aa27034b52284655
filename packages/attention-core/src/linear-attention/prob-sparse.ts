import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { causal as causalMask } from '../masks/causal.ts';
import { wholeRegion } from '../masks/mask.ts';
import { recordMap, selectRows } from '../maps/capture.ts';
import { maskedSoftmax } from '../normalisers/softmax.ts';
import type { RandomStream } from '../random/random-stream.ts';
import { requireLinearShapes } from './linear-attention.ts';

export interface ProbSparseOptions {
  /** [B, H, L, D] */
  readonly query: tf.Tensor;
  /** [B, H, S, D] */
  readonly key: tf.Tensor;
  /** [B, H, S, Dv] */
  readonly value: tf.Tensor;
  /** c: ⌈c·ln L⌉ queries attend, measured on ⌈c·ln S⌉ keys. Default 5. */
  readonly factor?: number;
  /** Whether a query sees only keys up to its own position. Default false. */
  readonly causal?: boolean;
  /** Draws the keys on which queries are measured. Without one all keys are used, which costs L × S products but is deterministic. */
  readonly random?: RandomStream | undefined;
  /** How captured maps call this attention. Default `attention`. */
  readonly name?: string;
}

/**
 * Only the queries whose scores are far from uniform attend (ProbSparse, Informer, Zhou et al. 2021): those with the greatest
 * max(s) − Σ s / S. The others get the mean of all values or, causally, the sum of the values so far, as in the authors' program.
 * Which queries attend is a choice and has no gradient.
 *
 * @returns [B, H, L, Dv]
 * @throws if the shapes do not agree, or causally if queries and keys are not equally many
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { probSparseAttention, RandomStream } from '@heed/attention-core';
 * const x = tf.ones([1, 2, 100, 8]);
 * probSparseAttention({ query: x, key: x, value: x, random: RandomStream.of(7, 0) }).shape; // [1, 2, 100, 8]
 * ```
 */
export function probSparseAttention(options: ProbSparseOptions): tf.Tensor {
  requireLinearShapes('probSparseAttention', options);
  const { query, key, value, factor = 5, causal = false, random, name = 'attention' } = options;
  const [batch, heads, queries, width] = query.shape as [number, number, number, number];
  const [keys, valueWidth] = value.shape.slice(2) as [number, number];
  if (causal && queries !== keys) {
    throw new Error(`probSparseAttention: causal attention needs as many queries as keys, got L=${queries}, S=${keys}`);
  }
  const logarithmic = (length: number) =>
    Math.min(length, Math.max(1, Math.ceil(factor * Math.ceil(Math.log(length)))));
  const attending = logarithmic(queries);
  return tf.tidy(() => {
    const sampled =
      random === undefined ? undefined : (random.integers([queries, logarithmic(keys)], keys) as tf.Tensor2D);
    const chosen = choose(query, key, attending, sampled); // one-hot, [B, H, attending, L]

    const few = tf.mul(tf.matMul(chosen, query), width ** -0.5); // [B, H, attending, D]
    const scores = tf.matMul(few, key, false, true); // [B, H, attending, S]
    const positions = tf.expandDims(tf.argMax(chosen, -1), -1); // [B, H, attending, 1]
    const allowed = causal ? tf.lessEqual(tf.range(0, keys, 1, 'int32'), positions) : undefined;
    const weights = maskedSoftmax(scores, allowed && { allowed, mayHideAll: false });

    const others = tf.sub(1, tf.expandDims(tf.sum(chosen, 2), 3)); // [B, H, L, 1]
    const rest = causal
      ? tf.reshape(tf.cumsum(tf.reshape(value, [batch * heads, keys, valueWidth]), 1), value.shape)
      : tf.mean(value, 2, true);
    recordMap(name, (heads, rows) => {
      const uniform = causal
        ? tf.cast(causalMask().allowed(wholeRegion(queries, keys)), 'float32')
        : tf.mul(tf.ones([queries, keys]), 1 / keys);
      const whole = tf.add(tf.matMul(chosen, weights, true, false), tf.mul(others, uniform));
      return selectRows(whole as tf.Tensor4D, heads, rows);
    });
    return tf.add(tf.matMul(chosen, tf.matMul(weights, value), true, false), tf.mul(rest, others));
  });
}

/**
 * The queries of greatest max − mean, one-hot: [B, H, attending, L]. No gradient flows into the choice.
 *
 * @param sampled int32 [L, samples]: the keys on which each query is measured; all where absent
 */
function choose(query: tf.Tensor, key: tf.Tensor, attending: number, sampled: tf.Tensor2D | undefined): tf.Tensor {
  const queries = query.shape[2]!;
  return withGradient(
    [query, key],
    (query, key) => {
      const scores =
        sampled === undefined
          ? tf.matMul(query, key, false, true) // [B, H, L, S]
          : tf.sum(tf.mul(tf.expandDims(query, 3), tf.gather(key, sampled, 2)), -1); // [B, H, L, samples]
      const measure = tf.sub(tf.max(scores, -1), tf.div(tf.sum(scores, -1), key.shape[2]!)); // [B, H, L]
      const { indices } = tf.topk(measure, attending);
      return { value: tf.cast(tf.oneHot(indices, queries), 'float32'), saved: [query, key] };
    },
    (_dy, [query, key]) => [tf.zerosLike(query), tf.zerosLike(key)],
    { again: 'backward' },
  );
}
