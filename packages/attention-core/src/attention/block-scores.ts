import * as tf from '@tensorflow/tfjs';
import type { MaskRegion, Range } from '../masks/mask.ts';
import type { Visibility } from '../normalisers/normaliser.ts';
import { everyKey, hideScores } from '../normalisers/visible.ts';
import { biasIn, mayHide, productsOf, type AttentionCall, type HeadTensors, type Operands } from './attention-call.ts';
import type { Dropping } from './block-dropout.ts';
import type { Block, Part, Strip } from './block-plan.ts';
import { guardKeys } from './guarded-keys.ts';

/** How the scores of any block are made. */
export interface Scoring {
  readonly call: AttentionCall;
  /** Whether plain products are the scores. */
  readonly products: boolean;
  /** Whether the last number of each key is its `fault` (`guardKeys`); queries have a 1 for it where products are the scores. */
  readonly guarded: boolean;
}

/** Everything that both passes need besides the tensors. */
export interface Blockwise {
  readonly scoring: Scoring;
  readonly blocks: readonly Block[];
  readonly dropping: Dropping | undefined;
  /** All parts of strips begin at a multiple of it. */
  readonly keyStep: number;
}

/** The call's scores, and its tensors as they are scored. */
export function scoringOf(call: AttentionCall): { readonly scoring: Scoring } & HeadTensors {
  const given = call.operands.byHead();
  if (!mayHide(call)) {
    const products = productsOf(call, given.query, given.key);
    const scoring = { call, products: products !== undefined, guarded: false };
    if (products === undefined) return { scoring, ...given };
    return { scoring, query: scaled(products), key: products.key, value: given.value };
  }
  const { key, value, fault } = guardKeys(given.key, given.value);
  const products = productsOf(call, given.query, key);
  const scoring = { call, products: products !== undefined, guarded: true };
  if (products === undefined) return { scoring, query: given.query, key: tf.concat([key, fault], 3), value };
  const query = scaled(products);
  const ones = tf.ones([...query.shape.slice(0, 3), 1]);
  return { scoring, query: tf.concat([query, ones], 3), key: tf.concat([products.key, fault], 3), value };
}

/** Queries whose products with the keys are the scores as they are. */
function scaled({ query, scale }: { readonly query: tf.Tensor; readonly scale: number }): tf.Tensor {
  return scale === 1 ? query : tf.mul(query, scale);
}

/** Which of some scores may become weights, by the mask's word on them. */
export function visibilityOf(
  { mask, bias, operands, score }: AttentionCall,
  allowed: tf.Tensor | undefined,
  scores: tf.Tensor,
): Visibility | undefined {
  const inScores = bias !== undefined || score.mayHide === true;
  if (allowed === undefined) return inScores ? everyKey(scores) : undefined;
  return { allowed, mayHideAll: inScores || mask!.mayHideAll(operands.queryLength, operands.keyLength) };
}

/** The block of `queries` and `keys`. */
export function blockRegion({ queryLength, keyLength }: Operands, queries: Range, keys: Range): MaskRegion {
  return { queries, keys, queryLength, keyLength };
}

type Heads = Pick<Operands, 'heads' | 'keyValueHeads'>;

/** Query heads that share a key head laid one below the other, so that keys and values are never repeated: [B, K, H/K · L, ·]. */
export function foldHeads(x: tf.Tensor, { heads, keyValueHeads }: Heads): tf.Tensor {
  if (heads === keyValueHeads) return x;
  const [batch, , length, width] = x.shape as [number, number, number, number];
  return tf.reshape(x, [batch, keyValueHeads, (heads / keyValueHeads) * length, width]);
}

/** The heads side by side again: [B, H, L, ·]. */
export function unfoldHeads(x: tf.Tensor, { heads, keyValueHeads }: Heads): tf.Tensor {
  if (heads === keyValueHeads) return x;
  const [batch, , rows, width] = x.shape as [number, number, number, number];
  return tf.reshape(x, [batch, heads, (rows * keyValueHeads) / heads, width]);
}

/** A range of positions. @param x [B, ·, L, ·] @returns [B, ·, range, ·], x itself where the range is all of it */
export function atPositions(x: tf.Tensor, { start, end }: Range): tf.Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  return end - start === length ? x : tf.slice(x, [0, 0, start, 0], [batch, heads, end - start, width]);
}

/** The positions of all parts of a strip, side by side. */
export function atStrip(x: tf.Tensor, strip: Strip): tf.Tensor {
  const parts = strip.map((part) => atPositions(x, part));
  return parts.length === 1 ? parts[0] : tf.concat(parts, 2);
}

/**
 * Scores and biases of a block, hidden ones among them.
 *
 * @param query [B, H, queries, D], the region's
 * @param key [B, K, keys, D'], the region's
 * @returns [B, H, queries, keys]
 */
export function rawScores(
  { call, products, guarded }: Scoring,
  query: tf.Tensor,
  key: tf.Tensor,
  region: MaskRegion,
): tf.Tensor {
  const { operands, score } = call;
  const folded = foldHeads(query, operands);
  let scores: tf.Tensor;
  if (products) scores = tf.matMul(folded, key, false, true);
  else if (guarded) {
    const [ofKey, fault] = tf.split(key, [key.shape[3]! - 1, 1], 3);
    scores = tf.add(score.scores(folded, ofKey, region), tf.transpose(fault, [0, 1, 3, 2]));
  } else scores = score.scores(folded, key, region);
  const unfolded = unfoldHeads(scores, operands);
  const bias = biasIn(call, region);
  return bias === undefined ? unfolded : tf.add(unfolded, bias);
}

/**
 * The scores of a strip, hidden ones −∞.
 *
 * @param query [B, H, queries, D], the block's
 * @param key [B, K, S, D'], all of them
 * @param allowed of each part, broadcastable to [B, H, queries, keys of the part]; undefined where every query sees every key
 * @returns [B, H, queries, keys of the strip]
 */
export function stripScores(
  scoring: Scoring,
  queries: Range,
  strip: Strip,
  { query, key, allowed }: { query: tf.Tensor; key: tf.Tensor; allowed: readonly (tf.Tensor | undefined)[] },
): tf.Tensor {
  const parts = strip.map((part: Part, i) => {
    const region = blockRegion(scoring.call.operands, queries, part);
    const scores = rawScores(scoring, query, atPositions(key, part), region);
    const mask = allowed[i];
    return hideScores(scores, mask && { allowed: mask, mayHideAll: true });
  });
  return parts.length === 1 ? parts[0] : tf.concat(parts, 3);
}
