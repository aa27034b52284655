import * as tf from '@tensorflow/tfjs';
import { pullBack } from '../autodiff/captured.ts';
import { dropped } from './block-dropout.ts';
import { biasIn } from './attention-call.ts';
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
} from './block-scores.ts';
import { wholeRows, type Normalisation } from './blockwise-forward.ts';
import { KeySums } from './key-sums.ts';

export interface BackwardInputs {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
  /** What the forward pass gave, [B, H, L, Dv]. */
  readonly result: tf.Tensor;
  readonly normalisations: readonly Normalisation[];
  readonly dy: tf.Tensor;
  /** Weights of scores and biases. */
  readonly weights: readonly tf.Tensor[];
}

/** @returns the gradients by query, key, value and each of the weights */
export function backward(blockwise: Blockwise, inputs: BackwardInputs): tf.Tensor[] {
  return withBlockMasks(blockwise.scoring.call, (masks) => gradients(blockwise, inputs, masks));
}

function gradients(blockwise: Blockwise, inputs: BackwardInputs, masks: BlockMasks): tf.Tensor[] {
  const { query, key, value, weights } = inputs;
  const queryGradients: tf.Tensor[] = [];
  const keys = new KeySums(key.shape, blockwise.keyStep);
  const values = new KeySums(value.shape, blockwise.keyStep);
  let weightGradients: tf.Tensor[] = weights.map((weight) => tf.zerosLike(weight));
  let strips = 0;
  let normalisations = 0;
  for (const block of blockwise.blocks) {
    const rows = rowsOf(block, inputs, block.strips.length > 1 ? inputs.normalisations[normalisations++] : undefined);
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
  /** [B, H, queries, Dv], times `inverse` where strips are not normalised by themselves */
  readonly dy: tf.Tensor;
  /** Σ result ∘ dy = Σ weight · (dy · value): what every weight's gradient is measured against; likewise. [B, H, queries, 1] */
  readonly delta: tf.Tensor;
  /** Absent where the block is one strip. */
  readonly greatest: tf.Tensor | undefined;
}

function rowsOf({ queries }: Block, inputs: BackwardInputs, normalisation: Normalisation | undefined): Rows {
  const rows = tf.tidy(() => {
    const ofBlock = atPositions(inputs.dy, queries);
    const dy = normalisation === undefined ? ofBlock : tf.mul(ofBlock, normalisation.inverse);
    const delta = tf.sum(tf.mul(dy, atPositions(inputs.result, queries)), -1, true);
    return { query: atPositions(inputs.query, queries), dy, delta };
  });
  return { ...rows, greatest: normalisation?.greatest };
}

function stripGradients(
  blockwise: Blockwise,
  { queries }: Block,
  strip: Strip,
  number: number,
  { query, dy, delta, greatest }: Rows,
  inputs: BackwardInputs,
  masks: BlockMasks,
) {
  const { scoring, dropping } = blockwise;
  const { call } = scoring;
  const { operands } = call;
  const scored = { query, key: inputs.key, allowed: masks.of(queries, strip) };
  const weights =
    greatest === undefined
      ? wholeRows(scoring, queries, strip, scored)
      : tf.exp(tf.sub(stripScores(scoring, queries, strip, scored), greatest)); // [B, H, queries, keys]
  const foldedDy = foldHeads(dy, operands);
  const valueGradient = tf.matMul(foldHeads(dropped(weights, dropping, number), operands), foldedDy, true, false);
  const weightGradient = unfoldHeads(tf.matMul(foldedDy, atStrip(inputs.value, strip), false, true), operands);
  const scoreGradient = tf.mul(weights, tf.sub(dropped(weightGradient, dropping, number), delta));

  const widths = strip.map((part) => part.end - part.start);
  const split = (x: tf.Tensor, axis: number) => (strip.length === 1 ? [x] : tf.split(x, widths, axis));
  const ofScores = split(scoreGradient, 3);
  const valueGradients = split(valueGradient, 2);
  const byRegion = strip.map((part, i) => {
    const region = blockRegion(operands, queries, part);
    if (scoring.products) {
      // a sum takes the gradient of the bias back along the dimensions in which it was spread
      const biased = () => tf.add(ofScores[i], biasIn(call, region)!);
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

  if (!scoring.products) {
    const ofQuery = added(byRegion.map((gradients) => gradients.ofQuery!));
    return { ofQuery, parts: parts(byRegion.map((gradients) => gradients.ofKey!)), ofWeights };
  }
  const folded = foldHeads(scoreGradient, operands); // [B, K, H/K · queries, keys]
  const ofQuery = unfoldHeads(tf.matMul(folded, atStrip(inputs.key, strip)), operands);
  const ofKeys = tf.matMul(folded, foldHeads(query, operands), true, false); // [B, K, keys, D]
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
