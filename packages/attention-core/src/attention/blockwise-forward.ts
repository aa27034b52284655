import * as tf from '@tensorflow/tfjs';
import { softmaxOfVisible } from '../normalisers/softmax.ts';
import { everyKey, greatestOf } from '../normalisers/visible.ts';
import { mayHide } from './attention-call.ts';
import { dropped } from './block-dropout.ts';
import { withBlockMasks, type BlockMasks } from './block-masks.ts';
import type { Block, Strip } from './block-plan.ts';
import {
  atPositions,
  atStrip,
  blockRegion,
  foldHeads,
  rawScores,
  stripScores,
  unfoldHeads,
  type Blockwise,
  type Scoring,
} from './block-scores.ts';
import type { Range } from '../masks/mask.ts';

/** How a block of several strips was normalised: its weights are exp(score − greatest) · inverse; [B, H, queries, 1]. */
export type Normalisation = {
  readonly greatest: tf.Tensor;
  /** 1 / Σ exp(score − greatest), 0 for queries that see nothing. */
  readonly inverse: tf.Tensor;
};

export interface ForwardResult {
  /** [B, H, L, Dv] */
  readonly value: tf.Tensor;
  /** Of each block of more than one strip; others are normalised whole again. */
  readonly normalisations: Normalisation[];
}

export function forward(blockwise: Blockwise, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): ForwardResult {
  const results: tf.Tensor[] = [];
  const normalisations: Normalisation[] = [];
  let strips = 0;
  withBlockMasks(blockwise.scoring.call, (masks) => {
    for (const block of blockwise.blocks) {
      const { result, ...norm } = tf.tidy(() => attendBlock(blockwise, block, strips, { query, key, value, masks }));
      results.push(result);
      if ('greatest' in norm) normalisations.push(norm);
      strips += block.strips.length;
    }
  });
  return { value: results.length === 1 ? results[0] : tf.concat(results, 2), normalisations };
}

interface Tensors {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
  readonly masks: BlockMasks;
}

/** The result of a block's queries [B, H, queries, Dv], with its normalisation where it has several strips. */
type BlockResult = { readonly result: tf.Tensor } | ({ readonly result: tf.Tensor } & Normalisation);

function attendBlock(blockwise: Blockwise, block: Block, firstStrip: number, tensors: Tensors): BlockResult {
  const { scoring } = blockwise;
  const { queries, strips } = block;
  const query = atPositions(tensors.query, queries); // [B, H, queries, D]
  const [batch, heads, rows] = query.shape as [number, number, number];
  if (strips.length === 0) return { result: tf.zeros([batch, heads, rows, tensors.value.shape[3]!]) };
  const scored = (strip: Strip) => ({ query, key: tensors.key, allowed: tensors.masks.of(queries, strip) });
  if (strips.length === 1) {
    const weights = wholeRows(scoring, queries, strips[0], scored(strips[0])); // [B, H, queries, keys]
    return { result: weighted(blockwise, strips[0], firstStrip, weights, tensors.value) };
  }

  let state: { greatest: tf.Tensor; sum: tf.Tensor; result: tf.Tensor } | undefined;
  strips.forEach((strip, i) => {
    state = tf.tidy(() => {
      const scores = stripScores(scoring, queries, strip, scored(strip));
      const ofStrip = greatestOf(scores); // [B, H, queries, 1]
      const greatest = state === undefined ? ofStrip : tf.maximum(state.greatest, ofStrip);
      const exponentials = tf.exp(tf.sub(scores, greatest)); // [B, H, queries, keys]
      const sum = tf.sum(exponentials, -1, true);
      const result = weighted(blockwise, strip, firstStrip + i, exponentials, tensors.value);
      if (state === undefined) return { greatest, sum, result };
      const before = tf.exp(tf.sub(state.greatest, greatest));
      return {
        greatest,
        sum: tf.add(tf.mul(state.sum, before), sum),
        result: tf.add(tf.mul(state.result, before), result),
      };
    });
  });
  const { greatest, sum, result } = state!;
  const inverse = tf.divNoNan(1, sum);
  return { result: tf.mul(result, inverse), greatest, inverse };
}

/**
 * The weights of a block whose keys are one strip.
 *
 * @param tensors as of `stripScores` @returns [B, H, queries, keys of the strip]
 */
export function wholeRows(
  scoring: Scoring,
  queries: Range,
  strip: Strip,
  tensors: Parameters<typeof stripScores>[3],
): tf.Tensor {
  const { call } = scoring;
  const [allowed] = tensors.allowed;
  if (strip.length === 1 && allowed !== undefined) {
    const region = blockRegion(call.operands, queries, strip[0]);
    const scores = rawScores(scoring, tensors.query, atPositions(tensors.key, strip[0]), region);
    return softmaxOfVisible(scores, { allowed, mayHideAll: true });
  }
  const scores = stripScores(scoring, queries, strip, tensors);
  return softmaxOfVisible(scores, mayHide(call) ? everyKey(scores) : undefined);
}

/** Weights (or what becomes them) times values, dropout between. @returns [B, H, queries, Dv] */
function weighted(blockwise: Blockwise, strip: Strip, number: number, weights: tf.Tensor, value: tf.Tensor): tf.Tensor {
  const { operands } = blockwise.scoring.call;
  const kept = dropped(weights, blockwise.dropping, number);
  return unfoldHeads(tf.matMul(foldHeads(kept, operands), atStrip(value, strip)), operands);
}
