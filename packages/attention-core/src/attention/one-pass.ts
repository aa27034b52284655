/**
 * Attention as one op of the backend and its gradient as another, where it has them (`kernels/fused-ops.ts`): scaled products, softmax and
 * weighted sums, without weights that anybody could see, drop or change.
 */
import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused } from '../kernels/fused-ops.ts';
import { wholeRegion, type Band } from '../masks/mask.ts';
import { allowedIn, isSoftmaxOfSums, productsOf, type AttentionCall } from './attention-call.ts';
import { guardKeys } from './guarded-keys.ts';

/** Scores of a head up to which a mask is made whole; the blocks of larger ones are asked for one by one (`blockwise`). */
const LARGEST_MASK = 2 ** 20;

/** Beyond all positions, as an int64. */
const FAR = 2 ** 40;

/** Whether the backend's op can do what a call asks for. */
export function fitsOneOp(call: AttentionCall): boolean {
  const { operands, score, bias, mask, random } = call;
  if (bias !== undefined || random !== undefined || score.asProducts === undefined || !isSoftmaxOfSums(call))
    return false;
  const { queryLength, keyLength } = operands;
  if (mask === undefined || mask.band?.(queryLength, keyLength) !== undefined) return true;
  return queryLength * keyLength <= LARGEST_MASK || isSameForAllQueries(call);
}

function isSameForAllQueries(call: AttentionCall): boolean {
  const { queryLength, keyLength } = call.operands;
  const ofTwo = { ...wholeRegion(queryLength, keyLength), queries: { start: 0, end: 2 } };
  return tf.tidy(() => allowedIn(call, ofTwo)!.shape.at(-2) !== 2);
}

/** The path of the backend's op. */
export function attendInOnePass(call: AttentionCall): tf.Tensor {
  const { heads, sideBySide } = call.operands;
  const { tensors, scale } = sideBySide?.() ?? apart(call);
  const sight = sightOf(call);
  const attributes = { heads, scale, ...sight.band, masks: sight.allowed.length };
  return withGradient(
    tensors,
    (...tensors) => {
      const [result, logSums] = fused('HeedAttention', [...sight.allowed, ...tensors], attributes);
      return { value: result, saved: [result, logSums, ...tensors, ...sight.allowed] };
    },
    (dy, [result, logSums, ...rest]) => {
      const [kept, masks] = [rest.slice(0, tensors.length), rest.slice(tensors.length)];
      return fused('HeedAttentionGradient', [...masks, dy, result, logSums, ...kept], attributes);
    },
  );
}

/** The op keeps numbers that are not finite from queries that do not see them; what a score makes of keys before is for `guardKeys`. */
function apart(call: AttentionCall): { tensors: tf.Tensor[]; scale: number } {
  const { query, key, value } = call.operands.byHead();
  const products = productsOf(call, query, key)!;
  if (products.key === key || call.mask === undefined) {
    return { tensors: [products.query, products.key, value], scale: products.scale };
  }
  const guarded = guardKeys(key, value);
  const ofFinite = productsOf(call, query, guarded.key)!;
  return { tensors: [ofFinite.query, tf.add(ofFinite.key, guarded.fault), guarded.value], scale: ofFinite.scale };
}

interface Sight {
  /** The keys that query i may see: from i + low to i + high. */
  readonly band: Band;
  /** Which of them it sees, boolean, broadcastable to [B, H, L, S] but in the last dimension; none or one. */
  readonly allowed: readonly tf.Tensor[];
}

function sightOf(call: AttentionCall): Sight {
  const { queryLength, keyLength } = call.operands;
  const band = call.mask?.band?.(queryLength, keyLength);
  if (band !== undefined)
    return { band: { low: Math.max(-FAR, band.low), high: Math.min(FAR, band.high) }, allowed: [] };
  const all = { low: -FAR, high: FAR };
  const allowed = allowedIn(call, wholeRegion(queryLength, keyLength));
  if (allowed === undefined) return { band: all, allowed: [] };
  const wide = allowed.shape.at(-1) === keyLength;
  return { band: all, allowed: [wide ? allowed : tf.logicalAnd(allowed, tf.ones([keyLength], 'bool'))] };
}
