/**
 * Attention by blocks of queries and keys: softmax is summed as the blocks come (online softmax, Milakov & Gimelshein 2018), and the
 * backward pass makes the weights again instead of keeping them (FlashAttention, Dao et al. 2022). Memory grows with L, and so does
 * the work where the mask leaves a constant number of keys: what it hides is not computed, forward or backward.
 */
import * as tf from '@tensorflow/tfjs';
import { capturedBy, isDifferentiating, withAlive } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { Range } from '../masks/mask.ts';
import { scaledDot } from '../scores/dot.ts';
import type { ScaledProducts } from '../scores/score.ts';
import type { AttentionOptions } from './attention-options.ts';
import type { Dropping } from './block-dropout.ts';
import { planBlocks, type Block, type BlockSizes } from './block-plan.ts';
import { blockRegion, rawScores, type Blockwise, type Scoring } from './block-scores.ts';
import { backward } from './blockwise-backward.ts';
import { forward } from './blockwise-forward.ts';
import { recordBlockwiseMap } from './blockwise-map.ts';

/**
 * @param options of `attention`, with query, key and value of rank 4
 * @param planned the blocks, made with these sizes, where the caller has done so
 * @returns [B, H, L, Dv]
 */
export function blockwiseAttention(
  options: AttentionOptions,
  sizes: BlockSizes,
  planned?: readonly Block[],
): tf.Tensor {
  const { score = scaledDot(), bias, mask, value } = options;
  const [, heads, queryLength] = options.query.shape as [number, number, number];
  const [, keyValueHeads, keyLength] = options.key.shape as [number, number, number];
  const products = score.asProducts?.(options.query, options.key);
  const { query, key } = products === undefined ? options : scaled(products);
  const scoring: Scoring = {
    score: products === undefined ? score : undefined,
    bias,
    mask,
    heads,
    keyValueHeads,
    queryLength,
    keyLength,
  };
  const blocks = planned ?? planBlocks(scoring, sizes, mask);
  const blockwise: Blockwise = {
    scoring,
    blocks,
    mayHideAll: mask?.mayHideAll(queryLength, keyLength) ?? false,
    dropping: reserveDraws(options, blocks.flatMap((block) => block.strips).length),
    keyStep: Math.min(sizes.queries, sizes.keys),
  };
  recordBlockwiseMap(options, scoring, { query, key }, sizes.queries);

  if (!isDifferentiating()) return forward(blockwise, query, key, value).value;
  const { ofScores, others } = tensorsRead(blockwise, query, key);
  const weights = ofScores.filter((tensor) => tensor.dtype === 'float32');
  const read = [...ofScores, ...others];
  return withGradient(
    [query, key, value, ...weights],
    (query, key, value) => {
      const { value: result, logSums } = forward(blockwise, query, key, value);
      return { value: result, saved: [query, key, value, result, ...read, ...logSums] };
    },
    (dy, [query, key, value, result, ...rest]) => {
      const kept = rest.slice(0, read.length);
      const logSums = rest.slice(read.length);
      return withAlive(read, kept, () => backward(blockwise, { query, key, value, result, logSums, dy, weights }));
    },
  );
}

/** Queries and keys whose products are the scores as they are. */
function scaled({ query, key, scale }: ScaledProducts): Pick<AttentionOptions, 'query' | 'key'> {
  return { query: scale === 1 ? query : tf.mul(query, scale), key };
}

function reserveDraws({ dropout: rate = 0, random }: AttentionOptions, strips: number): Dropping | undefined {
  if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate must be in [0, 1), got ${rate}`);
  if (random === undefined || rate === 0) return undefined;
  return { rate, draws: Array.from({ length: strips }, () => random.reserve()) };
}

/** What scores and biases read besides queries and keys, and what masks and dropout read: found on one query and one key. */
function tensorsRead({ scoring, dropping }: Blockwise, query: tf.Tensor, key: tf.Tensor) {
  const first: Range = { start: 0, end: 1 };
  const region = blockRegion(scoring, first, first);
  const one = (x: tf.Tensor) => tf.slice(x, [0, 0, 0, 0], [x.shape[0], x.shape[1]!, 1, x.shape[3]!]);
  const ofScores = capturedBy(() => rawScores(scoring, one(query), one(key), region));
  const others = capturedBy(() => {
    scoring.mask?.allowed(region);
    dropping?.draws[0]?.([1]);
  });
  return { ofScores: ofScores.filter((tensor) => tensor !== query && tensor !== key), others };
}
