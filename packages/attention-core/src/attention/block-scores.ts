import * as tf from '@tensorflow/tfjs';
import type { Bias } from '../biases/bias.ts';
import type { Mask, MaskRegion, Range } from '../masks/mask.ts';
import type { Score } from '../scores/score.ts';
import type { Dropping } from './block-dropout.ts';
import type { BlockMask } from './block-masks.ts';
import type { Block, Part, Strip } from './block-plan.ts';

/** How the scores of any block are made. */
export interface Scoring {
  /** Absent where queries and keys are such that plain products are the scores. */
  readonly score: Score | undefined;
  readonly bias: Bias | undefined;
  readonly mask: Mask | undefined;
  /** H */
  readonly heads: number;
  /** K */
  readonly keyValueHeads: number;
  readonly queryLength: number;
  readonly keyLength: number;
}

/** Everything that both passes need besides the tensors. */
export interface Blockwise {
  readonly scoring: Scoring;
  readonly blocks: readonly Block[];
  /** Whether some query may see no key at all. */
  readonly mayHideAll: boolean;
  readonly dropping: Dropping | undefined;
  /** All parts of strips begin at a multiple of it. */
  readonly keyStep: number;
}

/** The block of `queries` and `keys`. */
export function blockRegion({ queryLength, keyLength }: Scoring, queries: Range, keys: Range): MaskRegion {
  return { queries, keys, queryLength, keyLength };
}

/** Query heads that share a key head laid one below the other, so that keys and values are never repeated: [B, K, H/K · L, ·]. */
export function foldHeads(x: tf.Tensor, { heads, keyValueHeads }: Scoring): tf.Tensor {
  if (heads === keyValueHeads) return x;
  const [batch, , length, width] = x.shape as [number, number, number, number];
  return tf.reshape(x, [batch, keyValueHeads, (heads / keyValueHeads) * length, width]);
}

/** The heads side by side again: [B, H, L, ·]. */
export function unfoldHeads(x: tf.Tensor, { heads, keyValueHeads }: Scoring): tf.Tensor {
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
export function rawScores(scoring: Scoring, query: tf.Tensor, key: tf.Tensor, region: MaskRegion): tf.Tensor {
  const { score, bias } = scoring;
  const folded = foldHeads(query, scoring);
  const products = score === undefined ? tf.matMul(folded, key, false, true) : score.scores(folded, key, region);
  const scores = unfoldHeads(products, scoring);
  return bias === undefined ? scores : tf.add(scores, bias.values(region));
}

/**
 * The scores of a strip, hidden ones so low that their exponential is 0.
 *
 * @param query [B, H, queries, D], the block's
 * @param key [B, K, S, D'], all of them
 * @param visible of each part
 * @returns [B, H, queries, keys of the strip]
 */
export function stripScores(
  scoring: Scoring,
  queries: Range,
  strip: Strip,
  { query, key, visible }: { query: tf.Tensor; key: tf.Tensor; visible: readonly (BlockMask | undefined)[] },
): tf.Tensor {
  const parts = strip.map((part: Part, i) => {
    const scores = rawScores(scoring, query, atPositions(key, part), blockRegion(scoring, queries, part));
    const mask = visible[i];
    return mask === undefined ? scores : tf.minimum(scores, mask.greatest);
  });
  return parts.length === 1 ? parts[0] : tf.concat(parts, 3);
}

/**
 * 1 for queries that see any key of the strip, 0 for others; undefined where all do.
 *
 * @returns broadcastable to [B, H, queries, 1]
 */
export function seesAny(visible: readonly (BlockMask | undefined)[]): tf.Tensor | undefined {
  const parts: tf.Tensor[] = [];
  for (const mask of visible) {
    if (mask === undefined) return undefined;
    parts.push(tf.any(mask.allowed, -1, true));
  }
  return tf.cast(
    parts.reduce((a, b) => tf.logicalOr(a, b)),
    'float32',
  );
}
