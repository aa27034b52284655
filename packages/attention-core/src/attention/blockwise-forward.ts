import * as tf from '@tensorflow/tfjs';
import { dropped } from './block-dropout.ts';
import { withBlockMasks, type BlockMasks } from './block-masks.ts';
import type { Block, Strip } from './block-plan.ts';
import { atPositions, atStrip, foldHeads, seesAny, stripScores, unfoldHeads, type Blockwise } from './block-scores.ts';

/** Marks a query that sees no key, in logarithms of sums: the exponential of any score less this is 0. */
const NOTHING_SEEN = 1.6e38;

export interface ForwardResult {
  /** [B, H, L, Dv] */
  readonly value: tf.Tensor;
  /** log Σ exp(scores), [B, H, queries, 1] for each block of more than one strip; others are normalised whole again. */
  readonly logSums: tf.Tensor[];
}

export function forward(blockwise: Blockwise, query: tf.Tensor, key: tf.Tensor, value: tf.Tensor): ForwardResult {
  const results: tf.Tensor[] = [];
  const logSums: tf.Tensor[] = [];
  let strips = 0;
  withBlockMasks(blockwise.scoring.mask, blockwise.scoring, (masks) => {
    for (const block of blockwise.blocks) {
      const { result, logSum } = tf.tidy(() => attendBlock(blockwise, block, strips, { query, key, value, masks }));
      results.push(result);
      if (logSum !== undefined) logSums.push(logSum);
      strips += block.strips.length;
    }
  });
  return { value: results.length === 1 ? results[0] : tf.concat(results, 2), logSums };
}

interface Tensors {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
  readonly masks: BlockMasks;
}

function attendBlock(blockwise: Blockwise, block: Block, firstStrip: number, tensors: Tensors) {
  const { scoring, mayHideAll } = blockwise;
  const { queries, strips } = block;
  const query = atPositions(tensors.query, queries); // [B, H, queries, D]
  const [batch, heads, rows] = query.shape as [number, number, number];
  if (strips.length === 0) return { result: tf.zeros([batch, heads, rows, tensors.value.shape[3]!]) };
  const scored = strips.map((strip) => {
    const visible = tensors.masks.of(queries, strip);
    return { visible, scores: () => stripScores(scoring, queries, strip, { query, key: tensors.key, visible }) };
  });
  if (strips.length === 1) {
    const [{ visible, scores }] = scored;
    const weights = tf.softmax(scores()); // [B, H, queries, keys]
    const seen = mayHideAll ? seesAny(visible) : undefined;
    const result = weighted(blockwise, strips[0], firstStrip, weights, tensors.value);
    return { result: seen === undefined ? result : tf.mul(result, seen) };
  }

  let state: { largest: tf.Tensor; sum: tf.Tensor; result: tf.Tensor } | undefined;
  strips.forEach((strip, i) => {
    state = tf.tidy(() => {
      const scores = scored[i].scores();
      const ofStrip = tf.max(scores, -1, true); // [B, H, queries, 1]
      const largest = state === undefined ? ofStrip : tf.maximum(state.largest, ofStrip);
      const exponentials = tf.exp(tf.sub(scores, largest)); // [B, H, queries, keys]
      const sum = tf.sum(exponentials, -1, true);
      const result = weighted(blockwise, strip, firstStrip + i, exponentials, tensors.value);
      if (state === undefined) return { largest, sum, result };
      const before = tf.exp(tf.sub(state.largest, largest));
      return {
        largest,
        sum: tf.add(tf.mul(state.sum, before), sum),
        result: tf.add(tf.mul(state.result, before), result),
      };
    });
  });
  const { largest, sum, result } = state!;
  const normalised = tf.div(result, sum);
  const logSum = tf.add(largest, tf.log(sum));
  if (!mayHideAll) return { result: normalised, logSum };
  const seen = tf.cast(tf.greater(largest, -1e38), 'float32');
  return {
    result: tf.mul(normalised, seen),
    logSum: tf.add(tf.mul(logSum, seen), tf.mul(tf.sub(1, seen), NOTHING_SEEN)),
  };
}

/** Weights (or what becomes them) times values, dropout between. @returns [B, H, queries, Dv] */
function weighted(blockwise: Blockwise, strip: Strip, number: number, weights: tf.Tensor, value: tf.Tensor): tf.Tensor {
  const { scoring } = blockwise;
  const kept = dropped(weights, blockwise.dropping, number);
  return unfoldHeads(tf.matMul(foldHeads(kept, scoring), atStrip(value, strip)), scoring);
}
