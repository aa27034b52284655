import { describeAlignment, requireAlignment, type Alignment } from './alignment.ts';
import { bandMask, type Mask } from './mask.ts';

export interface CausalOptions {
  /** How L queries stand against S keys when they differ. Default `bottom-right`. */
  readonly alignment?: Alignment;
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
  requireAlignment('causal', alignment);
  return bandMask({ description: `causal(${describeAlignment(alignment)})`, low: -Infinity, high: 0, alignment });
}
