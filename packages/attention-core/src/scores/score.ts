import * as tf from '@tensorflow/tfjs';
import { wholeRegion, type MaskRegion } from '../masks/mask.ts';

/** Queries and keys whose products, times `scale`, are the scores. */
export interface ScaledProducts {
  readonly query: tf.Tensor;
  readonly key: tf.Tensor;
  readonly scale: number;
}

/** The first of the four steps: how well each key answers each query. Scores with weights of their own are Modules too. */
export interface Score {
  readonly name: string;
  /** Whether scores may be −∞, which hides keys as a mask does, also all keys of a query. Default false. */
  readonly mayHide?: boolean;
  /**
   * @param query [..., L, D]. Where several query heads share a key head, their L rows lie one below the other
   * @param key [..., S, D']
   * @param region which positions of the whole sequence these are, for scores that depend on positions. Default: all
   * @returns [..., L, S]
   */
  scores(query: tf.Tensor, key: tf.Tensor, region?: MaskRegion): tf.Tensor;
  /**
   * The same scores as plain products scale · q'·k'ᵀ, for scores that are nothing else. The blockwise path makes q' and k' once for all
   * blocks, and its gradient by hand; without it every block is scored, and differentiated, by itself.
   */
  asProducts?(query: tf.Tensor, key: tf.Tensor): ScaledProducts;
  /** What depends on the keys alone, for decoders that ask the same keys at every step. Absent where nothing does. */
  prepareKeys?(key: tf.Tensor): tf.Tensor;
  /** The same score for keys that went through `prepareKeys`. */
  prepared?(): Score;
}

/** A score whose numbers are changed by `change`; keys stay preparable where they were. */
export function changeScores(
  score: Score,
  name: string,
  change: (scores: tf.Tensor, region: MaskRegion | undefined) => tf.Tensor,
): Score {
  const changed: Score = {
    name: `${name}(${score.name})`,
    scores: (query, key, region) => tf.tidy(() => change(score.scores(query, key, region), region)),
    ...(score.mayHide && { mayHide: true }),
  };
  if (score.prepareKeys === undefined || score.prepared === undefined) return changed;
  return {
    ...changed,
    prepareKeys: (key) => score.prepareKeys!(key),
    prepared: () => changeScores(score.prepared!(), name, change),
  };
}

/** The region of a query and a key that are whole. */
export function regionOf(query: tf.Tensor, key: tf.Tensor): MaskRegion {
  return wholeRegion(query.shape.at(-2)!, key.shape.at(-2)!);
}

/** Heads that lie one below the other side by side again: [B, K, H/K · queries, ·] → [B, H, queries, ·]. */
export function unfoldHeads(x: tf.Tensor, { queries }: MaskRegion): tf.Tensor {
  const rows = queries.end - queries.start;
  if (x.rank !== 4 || x.shape[2] === rows) return x;
  const [batch, keyValueHeads, folded, width] = x.shape as [number, number, number, number];
  return tf.reshape(x, [batch, (keyValueHeads * folded) / rows, rows, width]);
}
