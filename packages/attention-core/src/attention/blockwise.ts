/**
 * Attention by blocks of queries and keys: softmax is summed as the blocks come (online softmax, Milakov & Gimelshein 2018), and the
 * backward pass makes the weights again instead of keeping them (FlashAttention, Dao et al. 2022). Memory grows with L, and so does
 * the work where the mask leaves a constant number of keys: what it hides is not computed, forward or backward.
 */
import * as tf from '@tensorflow/tfjs';
import { capturedBy, isDifferentiating, withAlive } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import type { Range } from '../masks/mask.ts';
import { allowedIn, biasIn, type AttentionCall } from './attention-call.ts';
import type { Dropping } from './block-dropout.ts';
import type { BlockPlan } from './block-plan.ts';
import { blockRegion, rawScores, scoringOf, type Blockwise } from './block-scores.ts';
import { backward } from './blockwise-backward.ts';
import { forward } from './blockwise-forward.ts';
import { recordBlockwiseMap } from './blockwise-map.ts';

/** The path that works block by block. @returns [B, H, L, Dv] */
export function blockwiseAttention(call: AttentionCall, { sizes, blocks }: BlockPlan): tf.Tensor {
  requireFitting(call);
  const { scoring, query, key, value } = scoringOf(call);
  const blockwise: Blockwise = {
    scoring,
    blocks,
    dropping: reserveDraws(call, blocks.flatMap((block) => block.strips).length),
    keyStep: Math.min(sizes.queries, sizes.keys),
  };
  recordBlockwiseMap(scoring, { query, key }, sizes.queries);

  if (!isDifferentiating()) return forward(blockwise, query, key, value).value;
  const { ofScores, others } = tensorsRead(blockwise, query, key);
  const weights = ofScores.filter((tensor) => tensor.dtype === 'float32');
  const read = [...ofScores, ...others];
  return withGradient(
    [query, key, value, ...weights],
    (query, key, value) => {
      const { value: result, normalisations } = forward(blockwise, query, key, value);
      const kept = normalisations.flatMap(({ greatest, inverse }) => [greatest, inverse]);
      return { value: result, saved: [query, key, value, result, ...read, ...kept] };
    },
    (dy, [query, key, value, result, ...rest]) => {
      const kept = rest.slice(0, read.length);
      const pairs = rest.slice(read.length);
      const normalisations = pairs.flatMap((greatest, i) => (i % 2 === 0 ? [{ greatest, inverse: pairs[i + 1] }] : []));
      const inputs = { query, key, value, result, normalisations, dy, weights };
      return withAlive(read, kept, () => backward(blockwise, inputs));
    },
  );
}

/** @throws if the mask or bias is for other sequences or heads, also where no block asks it */
function requireFitting(call: AttentionCall): void {
  const first: Range = { start: 0, end: 1 };
  const region = blockRegion(call.operands, first, first);
  const { queryLength, keyLength } = call.operands;
  tf.tidy(() => {
    if (call.mask?.band?.(queryLength, keyLength) === undefined) allowedIn(call, region); // a band is the same for all
    biasIn(call, region);
  });
}

function reserveDraws({ dropout: rate, random }: AttentionCall, strips: number): Dropping | undefined {
  if (random === undefined) return undefined;
  return { rate, draws: Array.from({ length: strips }, () => random.reserve()) };
}

/** What scores and biases read besides queries and keys, and what masks and dropout read: found on one query and one key. */
function tensorsRead({ scoring, dropping }: Blockwise, query: tf.Tensor, key: tf.Tensor) {
  const first: Range = { start: 0, end: 1 };
  const region = blockRegion(scoring.call.operands, first, first);
  const one = (x: tf.Tensor) => tf.slice(x, [0, 0, 0, 0], [x.shape[0], x.shape[1]!, 1, x.shape[3]!]);
  const ofScores = capturedBy(() => rawScores(scoring, one(query), one(key), region));
  const others = capturedBy(() => {
    scoring.call.mask?.allowed(region);
    dropping?.draws[0]?.([1]);
  });
  return { ofScores: ofScores.filter((tensor) => tensor !== query && tensor !== key), others };
}
