import * as tf from '@tensorflow/tfjs';
import type { Bias } from '../biases/bias.ts';
import { dropout } from '../layers/dropout.ts';
import { recordMap, selectRows } from '../maps/capture.ts';
import { changeWeights } from '../maps/intervene.ts';
import { wholeRegion, type Mask } from '../masks/mask.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import { softmax } from '../normalisers/softmax.ts';
import type { RandomStream } from '../random/random-stream.ts';
import { scaledDot } from '../scores/dot.ts';
import type { Score } from '../scores/score.ts';
import { weightedSum, type Combiner } from './combiner.ts';

export interface AttentionOptions {
  /** [B, H, L, D], or [B, L, D] for a single head. */
  readonly query: tf.Tensor;
  /** [B, K, S, D'] with H a multiple of K (grouped queries), or [B, S, D']. */
  readonly key: tf.Tensor;
  /** [B, K, S, Dv], or [B, S, Dv]. */
  readonly value: tf.Tensor;
  /** Default `scaledDot()`. */
  readonly score?: Score;
  /** Added to the scores. */
  readonly bias?: Bias | undefined;
  /** Which keys each query may see. Default: all. */
  readonly mask?: Mask | undefined;
  /** Default `softmax()`. */
  readonly normaliser?: Normaliser;
  /** Default `weightedSum()`. */
  readonly combiner?: Combiner;
  /** Probability with which a weight is dropped during training. Default 0. */
  readonly dropout?: number;
  /** Passing one is training mode. */
  readonly random?: RandomStream | undefined;
  /** How captured maps call this attention. Default `attention`. */
  readonly name?: string;
}

/**
 * Attention in its four steps: score → mask → normalise → combine.
 *
 *     out = combine(normalise(mask(score(q, k) + bias)), v)
 *
 * A query that may see no key gets output 0, weights 0 and gradient 0.
 *
 * @returns [B, H, L, Dv], or [B, L, Dv] when the query has no head dimension
 * @throws if ranks, batch sizes, heads or key lengths do not agree
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
export function attention(options: AttentionOptions): tf.Tensor {
  requireShapes(options);
  return tf.tidy(() => {
    if (options.query.rank === 4) return denseAttention(options);
    const [query, key, value] = [options.query, options.key, options.value].map((x) => tf.expandDims(x, 1)); // [B, 1, L, D]
    return tf.squeeze(denseAttention({ ...options, query, key, value }), [1]);
  });
}

/** The path that builds the weights [B, H, L, S]. */
function denseAttention(options: AttentionOptions): tf.Tensor {
  const {
    query,
    key,
    value,
    score = scaledDot(),
    bias,
    mask,
    normaliser = softmax(),
    combiner = weightedSum(),
  } = options;
  const [batch, heads, queryLength] = query.shape;
  const [, keyValueHeads, keyLength] = key.shape;
  const grouped = heads !== keyValueHeads;
  const region = wholeRegion(queryLength, keyLength);

  // Query heads that share a key head are laid one below the other, so that keys and values are never repeated.
  const fold = (x: tf.Tensor) => (grouped ? tf.reshape(x, [batch, keyValueHeads, -1, x.shape[3]!]) : x); // [B, K, H/K·L, ·]
  const unfold = (x: tf.Tensor) => (grouped ? tf.reshape(x, [batch, heads, queryLength, -1]) : x); // [B, H, L, ·]

  const raw = unfold(score.scores(fold(query), key, region)); // [B, H, L, S]
  const scores = bias === undefined ? raw : tf.add(raw, bias.values(region));
  const visibility =
    mask === undefined
      ? undefined
      : { allowed: mask.allowed(region), mayHideAll: mask.mayHideAll(queryLength, keyLength) };
  const name = options.name ?? 'attention';
  const weights = changeWeights(name, normaliser.weights(scores, visibility));
  recordMap(name, (heads, queries) => selectRows(weights as tf.Tensor4D, heads, queries));
  const kept = dropout(weights, options.dropout ?? 0, options.random);
  return unfold(combiner.combine(fold(kept), value, region)); // [B, H, L, Dv]
}

function requireShapes({ query, key, value }: AttentionOptions): void {
  const received = `got query=[${query.shape}], key=[${key.shape}], value=[${value.shape}]`;
  if ((query.rank !== 3 && query.rank !== 4) || key.rank !== query.rank || value.rank !== query.rank) {
    throw new Error(
      `attention: query, key and value must all have rank 4 [B, H, L, D] or rank 3 [B, L, D], ${received}`,
    );
  }
  if (key.shape[0] !== query.shape[0] || value.shape[0] !== query.shape[0]) {
    throw new Error(`attention: query, key and value must have the same batch size, ${received}`);
  }
  if (key.shape.at(-2) !== value.shape.at(-2)) {
    throw new Error(`attention: key and value must have the same length S, ${received}`);
  }
  if (query.rank === 4 && (query.shape[1]! % key.shape[1]! !== 0 || key.shape[1] !== value.shape[1])) {
    throw new Error(
      `attention: query heads must be a multiple of key heads, and value heads equal key heads, ${received}`,
    );
  }
}
