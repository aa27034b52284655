import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import type { Mask, MaskRegion } from '../masks/mask.ts';
import type { CacheShape } from './key-value-cache.ts';

/** Keys, values and the number of positions seen, in variables, so that a recorded step reads and writes them. */
export class CacheBuffers {
  /** [B, K, slots, D] */
  readonly key: tf.Variable;
  /** [B, K, slots, Dv] */
  readonly value: tf.Variable;
  /** int32: how many positions were seen. */
  readonly seen: tf.Variable<tf.Rank.R0>;

  constructor(owner: string, { batch, heads, headWidth, valueHeadWidth = headWidth }: CacheShape, slots: number) {
    requireIntegers(owner, { batch, heads, headWidth, valueHeadWidth });
    this.key = variable(tf.zeros([batch, heads, slots, headWidth]));
    this.value = variable(tf.zeros([batch, heads, slots, valueHeadWidth]));
    this.seen = variable(tf.scalar(0, 'int32'));
  }

  assign(key: tf.Tensor, value: tf.Tensor, seen: tf.Tensor): void {
    tf.tidy(() => {
      this.key.assign(key);
      this.value.assign(value);
      this.seen.assign(seen as tf.Scalar);
    });
  }

  reorder(indices: tf.Tensor1D): void {
    tf.tidy(() => {
      this.key.assign(tf.gather(this.key, indices));
      this.value.assign(tf.gather(this.value, indices));
    });
  }

  reset(): void {
    tf.tidy(() => {
      this.key.assign(tf.zerosLike(this.key));
      this.value.assign(tf.zerosLike(this.value));
      this.seen.assign(tf.scalar(0, 'int32'));
    });
  }

  dispose(): void {
    tf.dispose([this.key, this.value, this.seen]);
  }
}

/** A mask over the slots of a cache, of which every query sees at least its own. @param allowed boolean [L, slots] */
export function slotMask(description: string, allowed: tf.Tensor): Mask {
  return {
    description,
    allowed: ({ queries, keys }: MaskRegion) =>
      tf.slice(allowed, [queries.start, keys.start], [queries.end - queries.start, keys.end - keys.start]),
    occupancy: () => 'mixed',
    mayHideAll: () => false,
  };
}

function variable<R extends tf.Rank>(initial: tf.Tensor<R>): tf.Variable<R> {
  const made = tf.variable(initial, false);
  initial.dispose();
  return made;
}
