import * as tf from '@tensorflow/tfjs';

/**
 * Where the first of L queries stands among S keys. `bottom-right`: at S − L, so that the last query stands at the last key, as
 * with a key/value cache and in flash-attention ≥ 2.1. `top-left`: at 0, as in
 * `torch.nn.functional.scaled_dot_product_attention`. A number or an int32 tensor, [] or [B], says it outright: how many keys a
 * cache held before these queries came.
 */
export type Alignment = 'bottom-right' | 'top-left' | number | tf.Tensor;

/** The first query's position, where it is known without reading a tensor. */
export function knownStart(alignment: Alignment, queryLength: number, keyLength: number): number | undefined {
  if (alignment instanceof tf.Tensor) return undefined;
  if (typeof alignment === 'number') return alignment;
  return alignment === 'bottom-right' ? keyLength - queryLength : 0;
}

/** As it is written in a call, e.g. `{ alignment: 'top-left' }`; empty for the default. */
export function describeAlignment(alignment: Alignment): string {
  if (alignment === 'bottom-right') return '';
  const value = alignment instanceof tf.Tensor ? 'tensor' : alignment === 'top-left' ? "'top-left'" : alignment;
  return `{ alignment: ${value} }`;
}

/** @throws unless the alignment is one of the two words, an integer, or a tensor [] or [B] */
export function requireAlignment(owner: string, alignment: Alignment): void {
  if (
    alignment instanceof tf.Tensor ? alignment.rank > 1 : typeof alignment === 'number' && !Number.isInteger(alignment)
  ) {
    const received = alignment instanceof tf.Tensor ? `a tensor [${alignment.shape}]` : alignment;
    throw new Error(
      `${owner}: alignment must be 'bottom-right', 'top-left', an integer or a tensor [] or [B], got ${received}`,
    );
  }
}
