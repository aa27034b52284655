import * as tf from '@tensorflow/tfjs';
import { dropout } from '../layers/dropout.ts';
import { recordMap, selectRows } from '../maps/capture.ts';
import { changeWeights } from '../maps/intervene.ts';
import { wholeRegion } from '../masks/mask.ts';
import { softmax } from '../normalisers/softmax.ts';
import { scaledDot } from '../scores/dot.ts';
import type { AttentionOptions } from './attention-options.ts';
import { weightedSum } from './combiner.ts';

/** The path that builds the weights [B, H, L, S]. @param options of `attention`, with query, key and value of rank 4 */
export function denseAttention(options: AttentionOptions): tf.Tensor {
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
