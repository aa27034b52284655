import * as tf from '@tensorflow/tfjs';
import { pullBack } from '../autodiff/captured.ts';
import { dropped } from './block-dropout.ts';
import { withBlockMasks, type BlockMasks } from './block-masks.ts';
import type { Block, Strip } from './block-plan.ts';
import {
  atPositions,
  atStrip,
  blockRegion,
  foldHeads,
  rawScores,
  seesAny,
  stripScores,
  unfoldHeads,
  type Blockwise,
} from './block-scores.ts';
import { KeySums } from './key-sums.ts';

export interface BackwardInputs {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
  /** What the forward pass gave, [B, H, L, Dv]. */
  readonly result: tf.Tensor;
  readonly logSums: readonly tf.Tensor[];
  readonly dy: tf.Tensor;
  /** Weights of scores and biases. */
  readonly weights: readonly tf.Tensor[];
}

/** @returns the gradients by query, key, value and each of the weights */
export function backward(blockwise: Blockwise, inputs: BackwardInputs): tf.Tensor[] {
  const { scoring } = blockwise;
  return withBlockMasks(scoring.mask, scoring, (masks) => gradients(blockwise, inputs, masks));
}

function gradients(blockwise: Blockwise, inputs: BackwardInputs, masks: BlockMasks): tf.Tensor[] {
  const { query, key, value, weights } = inputs;
  const queryGradients: tf.Tensor[] = [];
  const keys = new KeySums(key.shape, blockwise.keyStep);
  const values = new KeySums(value.shape, blockwise.keyStep);
  let weightGradients: tf.Tensor[] = weights.map((weight) => tf.zerosLike(weight));
  let strips = 0;
  let logSums = 0;
  for (const block of blockwise.blocks) {
    const logSum = block.strips.length > 1 ? inputs.logSums[logSums++] : undefined;
    const rows = rowsOf(blockwise, block, inputs, masks, logSum);
    let queryGradient: tf.Tensor | undefined;
    block.strips.forEach((strip, i) => {
      const gradients = tf.tidy(() => stripGradients(blockwise, block, strip, strips + i, rows, inputs, masks));
      gradients.parts.forEach(({ ofKey, ofValue }, part) => {
        keys.add(strip[part], ofKey);
        values.add(strip[part], ofValue);
      });
      queryGradient = replaceBySum(queryGradient, gradients.ofQuery);
      weightGradients = weightGradients.map((sum, w) => replaceBySum(sum, gradients.ofWeights[w]));
    });
    queryGradients.push(queryGradient ?? tf.zerosLike(rows.query));
    tf.dispose([rows.delta, rows.dy].filter((tensor) => tensor !== inputs.dy));
    if (rows.query !== query) rows.query.dispose();
    strips += block.strips.length;
  }
  const ofQuery = queryGradients.length === 1 ? queryGradients[0] : tf.concat(queryGradients, 2);
  if (queryGradients.length > 1) tf.dispose(queryGradients);
  return [ofQuery, keys.total(), values.total(), ...weightGradients];
}

interface Rows {
  /** [B, H, queries, D] */
  readonly query: tf.Tensor;
  /** [B, H, queries, Dv], 0 for queries that see nothing */
  readonly dy: tf.Tensor;
  /** Σ result ∘ dy = Σ weight · (dy · value): what every weight's gradient is measured against. [B, H, queries, 1] */
  readonly delta: tf.Tensor;
  readonly logSum: tf.Tensor | undefined;
}

function rowsOf(
  { mayHideAll }: Blockwise,
  block: Block,
  inputs: BackwardInputs,
  masks: BlockMasks,
  logSum?: tf.Tensor,
): Rows {
  const { queries, strips } = block;
  const rows = tf.tidy(() => {
    const ofBlock = atPositions(inputs.dy, queries);
    const delta = tf.sum(tf.mul(ofBlock, atPositions(inputs.result, queries)), -1, true);
    // where there are several strips, the logarithm of the sum says it already
    const seen = mayHideAll && strips.length === 1 ? seesAny(masks.of(queries, strips[0])) : undefined;
    return {
      query: atPositions(inputs.query, queries),
      dy: seen === undefined ? ofBlock : tf.mul(ofBlock, seen),
      delta,
    };
  });
  return { ...rows, logSum };
}

function stripGradients(
  blockwise: Blockwise,
  { queries }: Block,
  strip: Strip,
  number: number,
  { query, dy, delta, logSum }: Rows,
  inputs: BackwardInputs,
  masks: BlockMasks,
) {
  const { scoring, dropping } = blockwise;
  const visible = masks.of(queries, strip);
  const scores = stripScores(scoring, queries, strip, { query, key: inputs.key, visible });
  const weights = logSum === undefined ? tf.softmax(scores) : tf.exp(tf.sub(scores, logSum)); // [B, H, queries, keys]
  const foldedDy = foldHeads(dy, scoring);
  const valueGradient = tf.matMul(foldHeads(dropped(weights, dropping, number), scoring), foldedDy, true, false);
  const weightGradient = unfoldHeads(tf.matMul(foldedDy, atStrip(inputs.value, strip), false, true), scoring);
  const scoreGradient = tf.mul(weights, tf.sub(dropped(weightGradient, dropping, number), delta));

  const widths = strip.map((part) => part.end - part.start);
  const split = (x: tf.Tensor, axis: number) => (strip.length === 1 ? [x] : tf.split(x, widths, axis));
  const ofScores = split(scoreGradient, 3);
  const valueGradients = split(valueGradient, 2);
  const byRegion = strip.map((part, i) => {
    const region = blockRegion(scoring, queries, part);
    if (scoring.score === undefined) {
      // a sum takes the gradient of the bias back along the dimensions in which it was spread
      const { bias } = scoring;
      const biased = () => tf.add(ofScores[i], bias!.values(region));
      return { ofWeights: pullBack(biased, [...inputs.weights], ofScores[i]) };
    }
    const key = atPositions(inputs.key, part);
    const [ofQuery, ofKey, ...ofWeights] = pullBack(
      () => rawScores(scoring, query, key, region),
      [query, key, ...inputs.weights],
      ofScores[i],
    );
    return { ofQuery, ofKey, ofWeights };
  });
  const ofWeights = inputs.weights.map((_, w) => added(byRegion.map((gradients) => gradients.ofWeights[w])));
  const parts = (keyGradients: readonly tf.Tensor[]) =>
    keyGradients.map((ofKey, i) => ({ ofKey, ofValue: valueGradients[i] }));

  if (scoring.score !== undefined) {
    const ofQuery = added(byRegion.map((gradients) => gradients.ofQuery!));
    return { ofQuery, parts: parts(byRegion.map((gradients) => gradients.ofKey!)), ofWeights };
  }
  const folded = foldHeads(scoreGradient, scoring); // [B, K, H/K · queries, keys]
  const ofQuery = unfoldHeads(tf.matMul(folded, atStrip(inputs.key, strip)), scoring);
  const ofKeys = tf.matMul(folded, foldHeads(query, scoring), true, false); // [B, K, keys, D]
  return { ofQuery, parts: parts(split(ofKeys, 2)), ofWeights };
}

function added(tensors: readonly tf.Tensor[]): tf.Tensor {
  return tensors.length === 1 ? tensors[0] : tf.addN([...tensors]);
}

function replaceBySum(sum: tf.Tensor | undefined, next: tf.Tensor): tf.Tensor {
  if (sum === undefined) return next;
  const total = tf.add(sum, next);
  tf.dispose([sum, next]);
  return total;
}
