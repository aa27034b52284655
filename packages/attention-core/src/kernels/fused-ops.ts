/**
 * Ops that do in one pass over memory what tfjs composes of many, where the backend has them as kernels: @heed/tensorflow brings them for
 * native TensorFlow. Each stands beside its composition, which runs everywhere and gives the same numbers up to rounding. They stand
 * inside gradients of our own (`withGradient`) and have none themselves.
 */
import * as tf from '@tensorflow/tfjs';
import { isDifferentiatingTwice } from '../autodiff/captured.ts';
import { runKernel } from './register-kernel.ts';

/** By their inputs, in order, and outputs. */
export type FusedOp =
  /** (weights, first, second, gradient, learning rate, epsilon), beta1, beta2 → new weights, first and second */
  | 'HeedAdam'
  /**
   * Attention with the scores scale · q · kᵀ, without its weights: (masks, tensors), masks, heads, scale, low, high → result, log Σ exp(scores)
   * [B, H, L]. The tensors are [B, H, L, D], [B, K, S, D] and [B, K, S, Dv] with H a multiple of K; or [B, L, H · D], [B, S, H · D] and
   * [B, S, H · Dv]; or one [B, L, 3 · H · D] of self-attention, that has them side by side. Query i sees the keys from i + low to i + high, and
   * of these what the mask allows, boolean, broadcastable to [B, H, L, S] but in the last dimension: `masks` says that there is one, or 0.
   */
  | 'HeedAttention'
  /** (masks, dy, result, log sums, tensors), as above → the gradients of the tensors */
  | 'HeedAttentionGradient'
  /** tensors → [P] */
  | 'HeedFlatten'
  /** ([P], tensors) → tensors of the same shapes */
  | 'HeedUnflatten'
  /** (scores [..., S], allowed [..., S], boolean, broadcastable but in the last dimension) → weights [..., S] */
  | 'HeedMaskedSoftmax'
  /** (key [..., D], value [..., Dv]) → both with 0 for what is not finite, and [..., 1]: 0, or NaN where there was any */
  | 'HeedFiniteKeys'
  /** (dy, weights) → dScores */
  | 'HeedSoftmaxGradient'
  /** (x) → y */
  | 'HeedGelu'
  | 'HeedGeluTanh'
  /** (dy, x) → dx */
  | 'HeedGeluGradient'
  | 'HeedGeluTanhGradient'
  /** (x, gain, bias), epsilon → y, the mean and the inverse deviation of each row */
  | 'HeedLayerNorm'
  /** (dy, x, mean, inverse, gain) → dx, dGain, dBias */
  | 'HeedLayerNormGradient'
  /**
   * (x [..., I], weights [I, O], biases [O]), again, gelu → as many [..., O] as there are weights, GELU of them where that is said. `again`:
   * the same weights will serve again, so it is worth laying them out for it.
   */
  | 'HeedLinear'
  /** (dy [..., O], x [..., I]) → dWeight [I, O], dBias [O] */
  | 'HeedLinearGradient'
  /** (projected [T, B, 4H], weight [H, 4H], hidden [B, H], cell [B, H]) → gates [T, B, 4H], cells and hiddens [T, B, H] */
  | 'HeedLstm'
  /** (dHiddens, dCells, gates, cells, first cell, transposed weight [4H, H]) → dGates [T, B, 4H], dHidden, dCell [B, H] */
  | 'HeedLstmGradient'
  /** (a [..., M, K], b [..., K, N] or [K, N]), transpose_a, transpose_b → [..., M, N] */
  | 'HeedProduct';

/** Whether the backend has the op. Not in what will be differentiated twice. */
export function hasFused(op: FusedOp): boolean {
  return tf.getKernel(op, tf.getBackend()) !== undefined && !isDifferentiatingTwice();
}

/** Runs an op that `hasFused` has. */
export function fused(op: FusedOp, inputs: readonly tf.Tensor[], attributes: tf.NamedAttrMap = {}): tf.Tensor[] {
  return runKernel(op, inputs, attributes);
}
