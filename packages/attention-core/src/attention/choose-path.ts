import type * as tf from '@tensorflow/tfjs';
import { isDifferentiating, isDifferentiatingTwice } from '../autodiff/captured.ts';
import { isIntervening } from '../maps/intervene.ts';
import { softmax } from '../normalisers/softmax.ts';
import { scaledDot } from '../scores/dot.ts';
import type { AttentionOptions } from './attention-options.ts';
import { keysOf, planBlocks, type Block, type BlockSizes } from './block-plan.ts';
import { blockwiseAttention } from './blockwise.ts';
import { weightedSum } from './combiner.ts';
import { denseAttention } from './dense.ts';
import { attendInOnePass, sightInOnePass } from './one-pass.ts';

/**
 * Scores of all heads (B · H · L · S) from which on `auto` takes the blockwise path; measured natively, where each op has its price.
 * A pass that will be differentiated begins later, because blocks are scored once more in the backward pass; where the mask
 * hides a good part, the blocks left out pay for that.
 */
const LONG = { forward: 2 ** 22, differentiated: 2 ** 24, sparse: 2 ** 20 };

/** The part of the scores that a mask may leave for its blocks to be worth looking at. */
const SPARSE = 0.75;

/** Most scores of all heads that a block has: as many as the caches hold. Longer rows are taken in strips, which costs some merging. */
const BLOCK = 2 ** 23;

/** Fewest queries of a block. */
const SMALLEST = 64;

/** What a block costs besides its scores, in scores. */
const BLOCK_COST = 1e5;

/** @param options with query, key and value of rank 4 @returns [B, H, L, Dv] */
export function onBestPath(options: AttentionOptions): tf.Tensor {
  const { path = 'auto', normaliser = softmax(), combiner = weightedSum() } = options;
  const able = normaliser.exponential === true && combiner.linear === true;
  if (path === 'blockwise' && !able) {
    throw new Error(
      `attention: the blockwise path needs softmax and weightedSum, got ${normaliser.name} and ${combiner.name}`,
    );
  }
  const inOnePass = path === 'auto' ? onePass(options) : undefined;
  if (inOnePass !== undefined) return inOnePass;
  // whoever changes weights needs them whole, and so do gradients of gradients
  if (path === 'dense' || !able || isIntervening() || isDifferentiatingTwice()) return denseAttention(options);
  const scores = scoresOf(options);
  const long = path === 'blockwise' || scores >= (isDifferentiating() ? LONG.differentiated : LONG.forward);
  if (!long && (scores < LONG.sparse || options.mask === undefined)) return denseAttention(options);
  const { sizes, blocks, seen } = planBest(options);
  const worthwhile = long || seen <= SPARSE * options.query.shape[2]! * options.key.shape[2]!;
  return worthwhile ? blockwiseAttention(options, sizes, blocks) : denseAttention(options);
}

function onePass(options: AttentionOptions): tf.Tensor | undefined {
  const { score = scaledDot(), query, key, value } = options;
  if (score.asProducts === undefined) return undefined;
  const sight = sightInOnePass(options, query.shape[2]!, key.shape[2]!);
  if (sight === undefined) return undefined;
  const products = score.asProducts(query, key);
  const tensors = [products.query, products.key, value];
  return attendInOnePass(tensors, sight, { heads: query.shape[1]!, scale: products.scale });
}

function scoresOf({ query, key }: AttentionOptions): number {
  const [batch, heads, queries] = query.shape as [number, number, number];
  return batch * heads * queries * key.shape[2]!;
}

interface Plan {
  readonly sizes: BlockSizes;
  readonly blocks: readonly Block[];
  /** Scores that are made, of one head. */
  readonly seen: number;
}

/** Large blocks, or smaller ones where these see so much less that it pays for their number. */
function planBest(options: AttentionOptions): Plan {
  const whole = plan(options, largestBlock(options));
  if (options.mask === undefined || whole.sizes.queries <= SMALLEST) return whole;
  const half = plan(options, Math.max(SMALLEST, whole.sizes.queries / 2));
  const matrices = options.query.shape[0] * options.query.shape[1]!;
  const cost = ({ blocks, seen }: Plan) => matrices * seen + BLOCK_COST * blocks.length;
  return cost(half) < cost(whole) ? half : whole;
}

function plan({ query, key, mask }: AttentionOptions, queries: number): Plan {
  const [batch, heads, queryLength] = query.shape as [number, number, number];
  const keyLength = key.shape[2]!;
  const strips = Math.ceil((batch * heads * queries * keyLength) / BLOCK);
  const sizes = { queries, keys: Math.max(1, Math.ceil(keyLength / strips / queries)) * queries };
  const blocks = planBlocks({ queryLength, keyLength }, sizes, mask);
  const seen = blocks.map((block) => (block.queries.end - block.queries.start) * keysOf(block.strips.flat()));
  return { sizes, blocks, seen: seen.reduce((a, b) => a + b, 0) };
}

/** Queries of the largest block that fits: from 64 to 256, a power of two, or all there are. */
function largestBlock({ query, key }: AttentionOptions): number {
  const [batch, heads, queryLength] = query.shape as [number, number, number];
  const fitting = 2 ** Math.floor(Math.log2(BLOCK / (batch * heads * Math.max(1, key.shape[2]!))));
  return Math.min(Math.max(SMALLEST, Math.min(256, fitting)), queryLength);
}
