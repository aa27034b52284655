import { describeAlignment, requireAlignment, type Alignment } from './alignment.ts';
import { and } from './algebra.ts';
import { bandMask, type Mask } from './mask.ts';
import { strided } from './strided.ts';

export interface WindowOptions {
  /** How L queries stand against S keys when they differ. Default `bottom-right`. */
  readonly alignment?: Alignment;
}

/**
 * A window that moves with the query: the `left` positions before it, itself, and the `right` positions after it (Longformer,
 * Beltagy et al. 2020). `slidingWindow(w, 0)` is causal.
 *
 * @param left an integer ≥ 0 or Infinity
 * @param right an integer ≥ 0 or Infinity. Default: as many as on the left
 * @throws if either is none of these
 *
 * @example
 * ```ts
 * import { printMask, slidingWindow } from '@heed/attention-core';
 * printMask(slidingWindow(1, 0), 3, 3);
 * // ■ · ·
 * // ■ ■ ·
 * // · ■ ■
 * ```
 */
export function slidingWindow(left: number, right = left, { alignment = 'bottom-right' }: WindowOptions = {}): Mask {
  requireReach('slidingWindow', 'left', left);
  requireReach('slidingWindow', 'right', right);
  requireAlignment('slidingWindow', alignment);
  const suffix = describeAlignment(alignment);
  return bandMask({
    description: `slidingWindow(${left}, ${right}${suffix && `, ${suffix}`})`,
    low: -left,
    high: right,
    alignment,
  });
}

/**
 * A window with gaps: every `dilation`-th of the positions around the query, `left` of them before it and `right` after it
 * (Longformer, Beltagy et al. 2020).
 *
 * @throws if left or right is no integer ≥ 0 or Infinity, or dilation no positive integer
 *
 * @example
 * ```ts
 * import { dilatedWindow, printMask } from '@heed/attention-core';
 * printMask(dilatedWindow(1, 1, 2), 5, 5);
 * // ■ · ■ · ·
 * // · ■ · ■ ·
 * // ■ · ■ · ■
 * // · ■ · ■ ·
 * // · · ■ · ■
 * ```
 */
export function dilatedWindow(left: number, right: number, dilation: number, options: WindowOptions = {}): Mask {
  requireReach('dilatedWindow', 'left', left);
  requireReach('dilatedWindow', 'right', right);
  const window = and(slidingWindow(left * dilation, right * dilation, options), strided(dilation, options));
  // both parts show a query its own position
  const ownPosition = slidingWindow(0, 0, options);
  return { ...window, mayHideAll: (queryLength, keyLength) => ownPosition.mayHideAll(queryLength, keyLength) };
}

function requireReach(owner: string, name: string, value: number): void {
  if (value !== Infinity && (!Number.isInteger(value) || value < 0)) {
    throw new Error(`${owner}: ${name} must be an integer ≥ 0 or Infinity, got ${value}`);
  }
}
