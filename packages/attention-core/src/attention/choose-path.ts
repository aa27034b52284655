import type * as tf from '@tensorflow/tfjs';
import { isSoftmaxOfSums, type AttentionCall, type Operands } from './attention-call.ts';
import { keysOf, planBlocks, type BlockPlan } from './block-plan.ts';
import { blockwiseAttention } from './blockwise.ts';
import { denseAttention } from './dense.ts';
import { attendInOnePass, fitsOneOp } from './one-pass.ts';
import { withoutNumbers } from './without-numbers.ts';

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

/** What the backend has, and what goes on around a call. */
export interface Circumstances {
  /** Whether the backend has attention as one op. */
  readonly oneOp: boolean;
  /** Whether somebody asks for the weights. */
  readonly capturing: boolean;
  /** Whether somebody changes the weights. */
  readonly intervening: boolean;
  /** How many times what is computed will be differentiated. */
  readonly differentiating: 0 | 1 | 2;
}

/** @returns [B, H, L, Dv], or [B, L, H·Dv] of operands side by side */
export type Path = (call: AttentionCall) => tf.Tensor;

/** The path on which a call is best done: one decision, from what is known before anything is computed. */
export function choosePath(
  call: AttentionCall,
  { oneOp, capturing, intervening, differentiating }: Circumstances,
): Path {
  const { operands, path, mask } = call;
  if (operands.batch * operands.queryLength * operands.keyLength === 0) return withoutNumbers;
  if (path === 'auto' && oneOp && !capturing && !intervening && fitsOneOp(call)) return attendInOnePass;
  // whoever changes weights needs them whole, and so do gradients of gradients
  if (path === 'dense' || !isSoftmaxOfSums(call) || intervening || differentiating === 2) return denseAttention;
  const scores = operands.batch * operands.heads * operands.queryLength * operands.keyLength;
  const long = path === 'blockwise' || scores >= (differentiating > 0 ? LONG.differentiated : LONG.forward);
  if (!long && (scores < LONG.sparse || mask === undefined)) return denseAttention;
  const plan = planBest(call);
  const worthwhile = long || plan.seen <= SPARSE * operands.queryLength * operands.keyLength;
  return worthwhile ? (call) => blockwiseAttention(call, plan) : denseAttention;
}

interface Plan extends BlockPlan {
  /** Scores that are made, of one head. */
  readonly seen: number;
}

/** Large blocks, or smaller ones where these see so much less that it pays for their number. */
function planBest(call: AttentionCall): Plan {
  const { operands, mask } = call;
  const whole = plan(call, largestBlock(operands));
  if (mask === undefined || whole.sizes.queries <= SMALLEST) return whole;
  const half = plan(call, Math.max(SMALLEST, whole.sizes.queries / 2));
  const matrices = operands.batch * operands.heads;
  const cost = ({ blocks, seen }: Plan) => matrices * seen + BLOCK_COST * blocks.length;
  return cost(half) < cost(whole) ? half : whole;
}

function plan({ operands, mask }: AttentionCall, queries: number): Plan {
  const { batch, heads, keyLength } = operands;
  const strips = Math.ceil((batch * heads * queries * keyLength) / BLOCK);
  const sizes = { queries, keys: Math.max(1, Math.ceil(keyLength / strips / queries)) * queries };
  const blocks = planBlocks(operands, sizes, mask);
  const seen = blocks.map((block) => (block.queries.end - block.queries.start) * keysOf(block.strips.flat()));
  return { sizes, blocks, seen: seen.reduce((a, b) => a + b, 0) };
}

/** Queries of the largest block that fits: from 64 to 256, a power of two, or all there are. */
function largestBlock({ batch, heads, queryLength, keyLength }: Operands): number {
  const fitting = 2 ** Math.floor(Math.log2(BLOCK / (batch * heads * keyLength)));
  return Math.min(Math.max(SMALLEST, Math.min(256, fitting)), queryLength);
}
