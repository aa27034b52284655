import type * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import { isIntervening } from '../maps/intervene.ts';
import { softmax } from '../normalisers/softmax.ts';
import type { AttentionOptions } from './attention-options.ts';
import { planBlocks, type BlockSizes } from './block-plan.ts';
import { blockwiseAttention } from './blockwise.ts';
import { weightedSum } from './combiner.ts';
import { denseAttention } from './dense.ts';

/**
 * Scores of all heads (B · H · L · S) from which on `auto` takes the blockwise path; measured natively, where each op has its price.
 * A pass that will be differentiated begins later, because blocks are scored once more in the backward pass; where the mask
 * hides a good part, the blocks left out pay for that.
 */
const LONG = { forward: 2 ** 22, differentiated: 2 ** 24, sparse: 2 ** 20 };

/** The part of the scores that a mask may leave for its blocks to be worth looking at. */
const SPARSE = 0.75;

/** Scores of all heads that a block has: as many as the caches hold. */
const BLOCK = 2 ** 22;

/** Scores of all heads beyond which the keys of a block are taken in strips, which costs some merging. */
const WHOLE_ROWS = 2 ** 23;

/** @param options with query, key and value of rank 4 @returns [B, H, L, Dv] */
export function onBestPath(options: AttentionOptions): tf.Tensor {
  const { path = 'auto', normaliser = softmax(), combiner = weightedSum() } = options;
  const able = normaliser.exponential === true && combiner.linear === true;
  if (path === 'blockwise' && !able) {
    throw new Error(
      `attention: the blockwise path needs softmax and weightedSum, got ${normaliser.name} and ${combiner.name}`,
    );
  }
  // whoever changes weights needs them whole
  if (path === 'dense' || !able || isIntervening()) return denseAttention(options);
  const sizes = blockSizes(options);
  return path === 'blockwise' || isLong(options, sizes) ? blockwiseAttention(options, sizes) : denseAttention(options);
}

function lengths({ query, key }: AttentionOptions) {
  const [batch, heads, queryLength] = query.shape as [number, number, number];
  return { matrices: batch * heads, queryLength, keyLength: key.shape[2]! };
}

function isLong(options: AttentionOptions, sizes: BlockSizes): boolean {
  const { matrices, queryLength, keyLength } = lengths(options);
  const scores = matrices * queryLength * keyLength;
  if (scores >= (isDifferentiating() ? LONG.differentiated : LONG.forward)) return true;
  if (scores < LONG.sparse || options.mask === undefined) return false;
  const blocks = planBlocks({ queryLength, keyLength }, sizes, options.mask);
  const seen = blocks.map(({ queries, strips }) => {
    return strips.flat().reduce((sum, { start, end }) => sum + (end - start) * (queries.end - queries.start), 0);
  });
  return seen.reduce((a, b) => a + b, 0) <= SPARSE * queryLength * keyLength;
}

/** Blocks of 64 to 256 queries, with all their keys where there is room. */
function blockSizes(options: AttentionOptions): BlockSizes {
  const { matrices, queryLength, keyLength } = lengths(options);
  const fitting = 2 ** Math.floor(Math.log2(BLOCK / (matrices * Math.max(1, keyLength))));
  const queries = Math.min(Math.max(64, Math.min(256, fitting)), queryLength);
  const strips = Math.ceil((matrices * queries * keyLength) / WHOLE_ROWS);
  return { queries, keys: Math.max(1, Math.ceil(keyLength / strips / queries)) * queries };
}
