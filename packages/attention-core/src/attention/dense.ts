import * as tf from '@tensorflow/tfjs';
import { dropout } from '../layers/dropout.ts';
import { recordMap, selectRows } from '../maps/capture.ts';
import { changeWeights } from '../maps/intervene.ts';
import { wholeRegion } from '../masks/mask.ts';
import { allowedIn, type AttentionCall } from './attention-call.ts';
import { foldHeads, rawScores, scoringOf, unfoldHeads, visibilityOf } from './block-scores.ts';

/** The path that builds the weights [B, H, L, S]. */
export function denseAttention(call: AttentionCall): tf.Tensor {
  const { operands, normaliser, combiner, name, random } = call;
  const region = wholeRegion(operands.queryLength, operands.keyLength);
  const allowed = allowedIn(call, region);
  const { scoring, query, key, value } = scoringOf(call);
  const scores = rawScores(scoring, query, key, region); // [B, H, L, S]
  const weights = changeWeights(name, normaliser.weights(scores, visibilityOf(call, allowed, scores)));
  recordMap(name, (heads, queries) => selectRows(weights as tf.Tensor4D, heads, queries));
  const kept = dropout(weights, call.dropout, random);
  return unfoldHeads(combiner.combine(foldHeads(kept, operands), value, region), operands); // [B, H, L, Dv]
}
