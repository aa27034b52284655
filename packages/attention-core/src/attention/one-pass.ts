/**
 * Attention as one op of the backend and its gradient as another, where it has them (`kernels/fused-ops.ts`): scaled products, softmax and
 * weighted sums, without weights that anybody could see, drop or change.
 */
import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused } from '../kernels/fused-ops.ts';
import { isCapturing } from '../maps/capture.ts';
import { wholeRegion, type Band, type Mask } from '../masks/mask.ts';
import type { Normaliser } from '../normalisers/normaliser.ts';
import type { AttentionOptions } from './attention-options.ts';

/** What each query sees. */
export interface Sight extends Band {
  /** Boolean, broadcastable to [B, H, L, S] but in the last dimension; none or one. */
  readonly allowed: readonly tf.Tensor[];
}

/** Scores of a head up to which a mask is made whole; the blocks of larger ones are asked for one by one (`blockwise`). */
const LARGEST_MASK = 2 ** 20;

/** Beyond all positions, as an int64. */
const FAR = 2 ** 40;

/** What the queries see, where attention with these options can be done in one pass; undefined where it cannot. */
export function sightInOnePass(
  options: Pick<AttentionOptions, 'bias' | 'mask' | 'combiner' | 'dropout' | 'random'> & {
    normaliser?: Normaliser | undefined;
  },
  queryLength: number,
  keyLength: number,
): Sight | undefined {
  const { bias, mask, normaliser, combiner, dropout = 0, random } = options;
  if (!hasFused('HeedAttention') || isCapturing() || bias !== undefined) return undefined;
  if ((normaliser && !normaliser.exponential) || (combiner && !combiner.linear)) return undefined;
  if (dropout !== 0 && (random !== undefined || !(dropout > 0 && dropout < 1))) return undefined; // `dropout` says what is wrong
  if (mask === undefined) return { low: -FAR, high: FAR, allowed: [] };
  const band = mask.band?.(queryLength, keyLength);
  if (band !== undefined) return { low: Math.max(-FAR, band.low), high: Math.min(FAR, band.high), allowed: [] };
  const allowed = allowedOf(mask, queryLength, keyLength);
  return allowed === undefined ? undefined : { low: -FAR, high: FAR, allowed: [allowed] };
}

function allowedOf(mask: Mask, queryLength: number, keyLength: number): tf.Tensor | undefined {
  const region = wholeRegion(queryLength, keyLength);
  if (queryLength * keyLength > LARGEST_MASK) {
    // one that is the same for all queries is small nevertheless
    const ofTwo = mask.allowed({ ...region, queries: { start: 0, end: 2 } });
    if (ofTwo.shape.at(-2) === 2) return undefined;
  }
  const allowed = mask.allowed(region);
  return allowed.shape.at(-1) === keyLength ? allowed : undefined;
}

/**
 * @param tensors [B, H, L, D], [B, K, S, D] and [B, K, S, Dv]; or, of H heads side by side, [B, L, H·D], [B, S, H·D] and [B, S, H·Dv], or one
 *   [B, L, 3·H·D] that has queries, keys and values side by side
 * @returns [B, H, L, Dv], or [B, L, H·Dv]
 */
export function attendInOnePass(
  tensors: tf.Tensor[],
  { low, high, allowed }: Sight,
  { heads, scale }: { readonly heads: number; readonly scale: number },
): tf.Tensor {
  const attributes = { heads, scale, low, high, masks: allowed.length };
  return withGradient(
    tensors,
    (...tensors) => {
      const [result, logSums] = fused('HeedAttention', [...allowed, ...tensors], attributes);
      return { value: result, saved: [result, logSums, ...tensors, ...allowed] };
    },
    (dy, [result, logSums, ...rest]) => {
      const [kept, masks] = [rest.slice(0, tensors.length), rest.slice(tensors.length)];
      return fused('HeedAttentionGradient', [...masks, dy, result, logSums, ...kept], attributes);
    },
  );
}
