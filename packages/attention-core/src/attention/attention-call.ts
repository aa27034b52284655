import * as tf from '@tensorflow/tfjs';
import type { Bias } from '../biases/bias.ts';
import type { Mask, MaskRegion } from '../masks/mask.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import { softmax } from '../normalisers/softmax.ts';
import type { RandomStream } from '../random/random-stream.ts';
import { scaledDot } from '../scores/dot.ts';
import type { ScaledProducts, Score } from '../scores/score.ts';
import type { AttentionOptions } from './attention-options.ts';
import { weightedSum, type Combiner } from './combiner.ts';

export interface HeadTensors {
  /** [B, H, L, D] */
  readonly query: tf.Tensor;
  /** [B, K, S, D'] */
  readonly key: tf.Tensor;
  /** [B, K, S, Dv] */
  readonly value: tf.Tensor;
}

/** What attention is computed from. Projections are made once a path has been chosen, in the layout that it takes. */
export interface Operands {
  /** B */
  readonly batch: number;
  /** H */
  readonly heads: number;
  /** K */
  readonly keyValueHeads: number;
  /** L */
  readonly queryLength: number;
  /** S */
  readonly keyLength: number;
  byHead(): HeadTensors;
  /**
   * H = K heads side by side, [B, L, H·D], [B, S, H·D] and [B, S, H·Dv], or one [B, L, 3·H·D] that has all three, whose scores are scaled dot
   * products; the result is then [B, L, H·Dv]. Absent where they have to be apart.
   */
  sideBySide?(): { readonly tensors: tf.Tensor[]; readonly scale: number };
}

/** `AttentionOptions` with every default filled in, checked once. */
export interface AttentionCall {
  readonly operands: Operands;
  readonly score: Score;
  readonly bias: Bias | undefined;
  readonly mask: Mask | undefined;
  readonly normaliser: Normaliser;
  readonly combiner: Combiner;
  /** In [0, 1). */
  readonly dropout: number;
  /** Absent where nothing is dropped. */
  readonly random: RandomStream | undefined;
  readonly path: 'auto' | 'dense' | 'blockwise';
  readonly name: string;
}

type Undefinable<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** What of the options is not a tensor. */
export type AttentionSettings = Undefinable<Omit<AttentionOptions, 'query' | 'key' | 'value'>>;

/** @throws where settings are out of their range or do not go together */
export function resolveCall(operands: Operands, settings: AttentionSettings): AttentionCall {
  const { score = scaledDot(), bias, mask, normaliser = softmax(), combiner = weightedSum() } = settings;
  const { dropout = 0, random, path = 'auto', name = 'attention' } = settings;
  if (!(dropout >= 0 && dropout < 1)) throw new Error(`dropout: rate must be in [0, 1), got ${dropout}`);
  const call: AttentionCall = {
    operands,
    score,
    bias,
    mask,
    normaliser,
    combiner,
    dropout,
    random: dropout === 0 ? undefined : random,
    path,
    name,
  };
  if (path === 'blockwise' && !isSoftmaxOfSums(call)) {
    throw new Error(
      `attention: the blockwise path needs softmax and weightedSum, got ${normaliser.name} and ${combiner.name}`,
    );
  }
  return call;
}

/** Whether the result is Σ exp(s)·v / Σ exp(s), which can be summed in parts. */
export function isSoftmaxOfSums({ normaliser, combiner }: AttentionCall): boolean {
  return normaliser.exponential === true && combiner.linear === true;
}

/** Whether some query may not see some key: a mask hides, and so does −∞ in a bias. */
export function mayHide({ mask, bias, score }: Pick<AttentionCall, 'mask' | 'bias' | 'score'>): boolean {
  return mask !== undefined || bias !== undefined || score.mayHide === true;
}

/** @throws unless query, key and value agree: [B, H, L, D], [B, K, S, D'] and [B, K, S, Dv] with H a multiple of K, or all without heads */
export function requireTensors({ query, key, value }: HeadTensors): void {
  const received = `got query=[${query.shape}], key=[${key.shape}], value=[${value.shape}]`;
  if ((query.rank !== 3 && query.rank !== 4) || key.rank !== query.rank || value.rank !== query.rank) {
    throw new Error(
      `attention: query, key and value must all have rank 4 [B, H, L, D] or rank 3 [B, L, D], ${received}`,
    );
  }
  if ([query, key, value].some(({ dtype }) => dtype !== 'float32')) {
    const dtypes = `got query=${query.dtype}, key=${key.dtype}, value=${value.dtype}`;
    throw new Error(`attention: query, key and value must be float32, ${dtypes}`);
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

/** Queries and keys whose products are the scores, for a score that has such. @throws if they differ in width */
export function productsOf({ score }: AttentionCall, query: tf.Tensor, key: tf.Tensor): ScaledProducts | undefined {
  const products = score.asProducts?.(query, key);
  if (products !== undefined && products.query.shape[3] !== products.key.shape[3]) {
    throw new Error(
      `attention: the score ${score.name} needs queries and keys of one width, got query=[${query.shape}], key=[${key.shape}]`,
    );
  }
  return products;
}

/** What the mask says of a region. @throws unless it broadcasts to [B, H, queries, keys] */
export function allowedIn({ operands, mask }: AttentionCall, region: MaskRegion): tf.Tensor | undefined {
  return mask && fitting('mask', mask.description, mask.allowed(region), operands, region);
}

/** What the bias adds in a region. @throws unless it broadcasts to [B, H, queries, keys] */
export function biasIn({ operands, bias }: AttentionCall, region: MaskRegion): tf.Tensor | undefined {
  return bias && fitting('bias', bias.description, bias.values(region), operands, region);
}

function fitting(
  kind: string,
  description: string,
  tensor: tf.Tensor,
  { batch, heads }: Operands,
  { queries, keys }: MaskRegion,
): tf.Tensor {
  const shape = [...Array<number>(Math.max(0, 4 - tensor.rank)).fill(1), ...tensor.shape];
  const fits = (size: number, i: number) => shape[i] === 1 || shape[i] === size;
  const region = [queries.end - queries.start, keys.end - keys.start];
  if (tensor.rank > 4 || ![batch, heads].every(fits)) {
    throw new Error(
      `attention: the ${kind} must be for B=${batch} sequences and H=${heads} heads, or 1 for all of them, ` +
        `got ${description} for B=${shape[0]}, H=${shape[1]}`,
    );
  }
  if (!region.every((size, i) => fits(size, i + 2))) {
    throw new Error(
      `attention: the ${kind} must be [queries, keys] = [${region}], got ${description} [${tensor.shape}]`,
    );
  }
  return tensor;
}
