import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { CacheBuffers, slotMask } from './cache-buffers.ts';
import type { CachedKeysAndValues, CacheShape, KeyValueCache } from './key-value-cache.ts';

export interface SlidingCacheConfig extends CacheShape {
  /** How many positions each sees: itself and the `window` − 1 before it. */
  readonly window: number;
}

/**
 * A cache of the last positions only: sequences without end in constant memory and with constant shapes, equal to attention
 * under a sliding-window mask (Longformer, Beltagy et al. 2020; Mistral, Jiang et al. 2023). Slots stay in the order of their
 * positions.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { MultiHeadAttention, Random, SlidingCache } from '@heed/attention-core';
 * const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random: new Random(7) });
 * const cache = new SlidingCache({ batch: 1, window: 4, ...layer.cacheShape });
 * for (let step = 0; step < 10; step++) layer.forward(tf.ones([1, 1, 8]), { cache });
 * cache.dispose();
 * ```
 */
export class SlidingCache implements KeyValueCache {
  private readonly buffers: CacheBuffers;
  private readonly window: number;

  constructor(config: SlidingCacheConfig) {
    requireIntegers('SlidingCache', { window: config.window });
    this.buffers = new CacheBuffers('SlidingCache', config, config.window);
    this.window = config.window;
  }

  start(): tf.Scalar {
    return tf.clone(this.buffers.seen);
  }

  append(added: { readonly key: tf.Tensor; readonly value: tf.Tensor }): CachedKeysAndValues {
    const { window } = this;
    const length = added.key.shape[2]!;
    const key = tf.concat([this.buffers.key, added.key], 2); // [B, K, window + L, D]
    const value = tf.concat([this.buffers.value, added.value], 2); // [B, K, window + L, Dv]
    const places = tf.range(-window, length, 1, 'int32'); // where each slot is, counted from the first new position
    const distance = tf.sub(tf.expandDims(tf.range(0, length, 1, 'int32'), 1), places); // [L, window + L]
    const near = tf.logicalAnd(
      tf.greaterEqual(distance, tf.scalar(0, 'int32')),
      tf.less(distance, tf.scalar(window, 'int32')),
    );
    const offset = tf.sub(this.buffers.seen, tf.scalar(window, 'int32'));
    const filled = tf.greaterEqual(tf.add(places, this.buffers.seen), tf.scalar(0, 'int32'));
    this.buffers.assign(last(key, window), last(value, window), tf.add(this.buffers.seen, tf.scalar(length, 'int32')));
    const mask = slotMask(`sliding cache of ${window}`, tf.logicalAnd(near, filled));
    return { key, value, mask, place: { start: window, offset } };
  }

  reorder(indices: tf.Tensor1D): void {
    this.buffers.reorder(indices);
  }

  reset(): void {
    this.buffers.reset();
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

/** The last `count` of the positions [B, K, S, D]. */
function last(x: tf.Tensor, count: number): tf.Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  return tf.slice(x, [0, 0, length - count, 0], [batch, heads, count, width]);
}
