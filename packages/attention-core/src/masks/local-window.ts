import * as tf from '@tensorflow/tfjs';
import { keyPositions, type Mask } from './mask.ts';

export interface LocalWindowOptions {
  /**
   * The position in the middle of the window: one number for all queries (Luong's local-m, where it is the decoder's own
   * step), or a tensor of shape [B] (one for each sequence), [B, L] (one for each query) or [B, H, L]. It need not be an
   * integer.
   */
  readonly centre: number | tf.Tensor;
  /** Keys at most this far from the centre are visible. */
  readonly radius: number;
}

/**
 * Hides keys that are further than `radius` from a given position: |k − centre| ≤ radius. A window around each query's own
 * position is `slidingWindow`.
 *
 * @throws if radius is negative, or the centre's rank is none of those named
 * @source Luong et al. 2015, section 3.2
 *
 * @example
 * ```ts
 * import { localWindow, printMask } from '@heed/attention-core';
 * printMask(localWindow({ centre: 2, radius: 1 }), 1, 5);
 * // · ■ ■ ■ ·
 * ```
 */
export function localWindow({ centre, radius }: LocalWindowOptions): Mask {
  if (!(radius >= 0)) throw new Error(`localWindow: radius must be a number ≥ 0, got ${radius}`);
  if (centre instanceof tf.Tensor) requireCentre('localWindow', centre);
  else if (!Number.isFinite(centre)) throw new Error(`localWindow: centre must be finite, got ${centre}`);
  const [first, last] =
    centre instanceof tf.Tensor ? [0, 0] : [Math.ceil(centre - radius), Math.floor(centre + radius)];
  return {
    description: `localWindow({ centre: ${centre instanceof tf.Tensor ? `tensor [${centre.shape}]` : centre}, radius: ${radius} })`,
    allowed(region) {
      const { queries, keys, place } = region;
      if (!(centre instanceof tf.Tensor) && place !== undefined) {
        return tf.tidy(() => {
          const distances = tf.abs(tf.sub(tf.cast(keyPositions(region), 'float32'), centre));
          return tf.expandDims(tf.lessEqual(distances, radius), 0); // [1, keys]
        });
      }
      if (!(centre instanceof tf.Tensor)) {
        const visible = Array.from({ length: keys.end - keys.start }, (_, i) => {
          const position = keys.start + i;
          return first <= position && position <= last;
        });
        return tf.tensor2d([visible], [1, visible.length], 'bool'); // [1, keys]
      }
      return tf.tidy(() => {
        const positions = tf.cast(keyPositions(region), 'float32'); // [keys]
        const all = alignCentre(centre, 4); // [B, H or 1, L or 1, 1]
        const perQuery = all.shape[2]! > 1;
        const some = perQuery ? tf.slice(all, [0, 0, queries.start, 0], [-1, -1, queries.end - queries.start, 1]) : all;
        return tf.lessEqual(tf.abs(tf.sub(positions, some)), radius); // [B, H or 1, queries or 1, keys]
      });
    },
    occupancy({ keys }) {
      if (centre instanceof tf.Tensor) return 'mixed';
      if (last < keys.start || first > keys.end - 1 || last < first) return 'empty';
      return first <= keys.start && last >= keys.end - 1 ? 'full' : 'mixed';
    },
    mayHideAll(_, keyLength) {
      if (centre instanceof tf.Tensor) return true;
      return Math.max(0, first) > Math.min(keyLength - 1, last);
    },
  };
}

/** @throws unless the centre is a scalar, [B], [B, L] or [B, H, L] */
export function requireCentre(owner: string, centre: tf.Tensor): void {
  if (centre.rank > 3) {
    throw new Error(`${owner}: centre must have shape [], [B], [B, L] or [B, H, L], got [${centre.shape}]`);
  }
}

/** A centre as numbers that broadcast to scores [B, …, L, S] of the given rank: [B, …, L, 1]. */
export function alignCentre(centre: tf.Tensor, rank: number): tf.Tensor {
  const numbers = tf.cast(centre, 'float32');
  if (centre.rank === 0) return tf.reshape(numbers, Array<number>(rank).fill(1));
  const [batch, ...rest] = centre.shape;
  const ones = Array<number>(Math.max(0, rank - 2 - rest.length)).fill(1);
  return tf.reshape(numbers, rest.length === 0 ? [batch, ...ones, 1] : [batch, ...ones, ...rest, 1]);
}
