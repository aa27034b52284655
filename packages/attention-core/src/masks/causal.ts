import { bandMask, type Mask } from './mask.ts';

export interface CausalOptions {
  /**
   * How L queries stand against S keys when they differ. `bottom-right` (default): the last query sees all keys, as with a
   * key/value cache and in flash-attention ≥ 2.1. `top-left`: the first query sees the first key, as in
   * `torch.nn.functional.scaled_dot_product_attention`.
   */
  readonly alignment?: 'bottom-right' | 'top-left';
}

/**
 * Hides later positions: query i sees key j when j ≤ i (after alignment).
 *
 * @example
 * ```ts
 * import { causal, printMask } from '@heed/attention-core';
 * printMask(causal(), 3, 3);
 * // ■ · ·
 * // ■ ■ ·
 * // ■ ■ ■
 * ```
 */
export function causal({ alignment = 'bottom-right' }: CausalOptions = {}): Mask {
  return bandMask({
    description: alignment === 'bottom-right' ? 'causal()' : "causal({ alignment: 'top-left' })",
    low: -Infinity,
    high: 0,
    shift: (queryLength, keyLength) => (alignment === 'bottom-right' ? keyLength - queryLength : 0),
  });
}
