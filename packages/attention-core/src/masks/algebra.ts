import * as tf from '@tensorflow/tfjs';
import type { Mask, MaskRegion, Occupancy } from './mask.ts';

/** Visible where all of the masks say so. */
export function and(...masks: readonly Mask[]): Mask {
  requireSome('and', masks);
  return {
    description: `and(${masks.map((mask) => mask.description).join(', ')})`,
    allowed: (region) => tf.tidy(() => masks.map((mask) => mask.allowed(region)).reduce((a, b) => tf.logicalAnd(a, b))),
    occupancy: (region) =>
      combine(
        masks.map((mask) => mask.occupancy(region)),
        'empty',
        'full',
      ),
    pattern: (region) => patternOf(masks, region),
    // two masks that each leave every query a key may leave it none together
    mayHideAll: (queryLength, keyLength) => masks.length > 1 || masks[0].mayHideAll(queryLength, keyLength),
  };
}

/** Visible where any of the masks says so. */
export function or(...masks: readonly Mask[]): Mask {
  requireSome('or', masks);
  return {
    description: `or(${masks.map((mask) => mask.description).join(', ')})`,
    allowed: (region) => tf.tidy(() => masks.map((mask) => mask.allowed(region)).reduce((a, b) => tf.logicalOr(a, b))),
    occupancy: (region) =>
      combine(
        masks.map((mask) => mask.occupancy(region)),
        'full',
        'empty',
      ),
    pattern: (region) => patternOf(masks, region),
    mayHideAll: (queryLength, keyLength) => masks.every((mask) => mask.mayHideAll(queryLength, keyLength)),
  };
}

/** Visible where the mask hides. */
export function not(mask: Mask): Mask {
  return {
    description: `not(${mask.description})`,
    allowed: (region) => tf.tidy(() => tf.logicalNot(mask.allowed(region))),
    occupancy: (region) => {
      const inner = mask.occupancy(region);
      if (inner === 'mixed') return 'mixed';
      return inner === 'full' ? 'empty' : 'full';
    },
    pattern: (region) => mask.pattern?.(region),
    mayHideAll: () => true,
  };
}

/** That of all together, where all are known. */
function patternOf(masks: readonly Mask[], region: MaskRegion): string | undefined {
  const patterns = masks.map((mask) => mask.pattern?.(region));
  return patterns.includes(undefined) ? undefined : patterns.join('; ');
}

/** One `decisive` part decides; all `neutral` parts are neutral together. */
function combine(parts: readonly Occupancy[], decisive: Occupancy, neutral: Occupancy): Occupancy {
  if (parts.includes(decisive)) return decisive;
  return parts.every((part) => part === neutral) ? neutral : 'mixed';
}

function requireSome(name: string, masks: readonly Mask[]): void {
  if (masks.length === 0) throw new Error(`${name}: at least one mask is needed, got none`);
}
