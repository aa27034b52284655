import * as tf from '@tensorflow/tfjs';
import { requireIntegers } from '../arguments/require-integers.ts';
import { CacheBuffers, slotMask } from './cache-buffers.ts';
import type { CachedKeysAndValues, CacheShape, KeyValueCache } from './key-value-cache.ts';

export interface StaticCacheConfig extends CacheShape {
  /** How many positions a sequence may have. */
  readonly length: number;
}

/**
 * A cache of a fixed number of slots, so that every step has the same shapes and is recorded once. Slots that are not filled yet are
 * masked.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { MultiHeadAttention, Random, StaticCache } from '@heed/attention-core';
 * const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random: new Random(7) });
 * const cache = new StaticCache({ batch: 1, length: 16, ...layer.cacheShape });
 * layer.forward(tf.ones([1, 3, 8]), { cache });
 * layer.forward(tf.ones([1, 1, 8]), { cache }).shape; // [1, 1, 8]
 * cache.dispose();
 * ```
 */
export class StaticCache implements KeyValueCache {
  private readonly buffers: CacheBuffers;
  private readonly length: number;
  /** As far as the host knows, who does not count replayed steps: there it is TensorFlow that refuses (`endOf`). */
  private appended = 0;

  constructor(config: StaticCacheConfig) {
    requireIntegers('StaticCache', { length: config.length });
    this.buffers = new CacheBuffers('StaticCache', config, config.length);
    this.length = config.length;
  }

  start(): tf.Scalar {
    return tf.clone(this.buffers.seen);
  }

  /** @throws if the sequence becomes longer than `length`; a replayed step throws as soon as it runs, and leaves the cache as it was */
  append({ key, value }: { readonly key: tf.Tensor; readonly value: tf.Tensor }): CachedKeysAndValues {
    const added = key.shape[2]!;
    this.appended += added;
    if (this.appended > this.length) {
      throw new Error(`StaticCache: at most length=${this.length} positions fit, got ${this.appended}`);
    }
    const start = this.start();
    const slots = tf.range(0, this.length, 1, 'int32');
    const places = tf.sub(slots, this.buffers.seen); // [slots], where among the new positions each slot is
    const allowed = tf.lessEqual(places, tf.expandDims(tf.range(0, added, 1, 'int32'), 1)); // [L, slots]
    this.buffers.assign(
      write(this.buffers.key, key, places), // [B, K, slots, D]
      write(this.buffers.value, value, places), // [B, K, slots, Dv]
      endOf(slots, this.buffers.seen, added),
    );
    const mask = slotMask('static cache', allowed);
    return { key: this.buffers.key, value: this.buffers.value, mask, place: { start, offset: 0 } };
  }

  reorder(indices: tf.Tensor1D): void {
    this.buffers.reorder(indices);
  }

  reset(): void {
    this.buffers.reset();
    this.appended = 0;
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

/** The buffer with `added` in the slots whose place is 0 … L − 1. */
function write(buffer: tf.Tensor, added: tf.Tensor, places: tf.Tensor): tf.Tensor {
  const length = added.shape[2]!;
  // clipByValue reads integers as floats on WASM
  const nearest = tf.minimum(tf.maximum(places, tf.scalar(0, 'int32')), tf.scalar(length - 1, 'int32'));
  const candidates = length === 1 ? added : tf.gather(added, nearest as tf.Tensor1D, 2); // [B, K, slots, D]
  const inside = tf.logicalAnd(
    tf.greaterEqual(places, tf.scalar(0, 'int32')),
    tf.less(places, tf.scalar(length, 'int32')),
  );
  return tf.where(tf.reshape(inside, [-1, 1]), candidates, buffer);
}

/** How many positions were seen once `added` more are: looked up among the slots, where one that does not exist is an error. */
function endOf(slots: tf.Tensor1D, seen: tf.Tensor, added: number): tf.Tensor {
  const last = tf.reshape(tf.add(seen, tf.scalar(added - 1, 'int32')), [1]) as tf.Tensor1D;
  return tf.reshape(tf.add(tf.gather(slots, last), tf.scalar(1, 'int32')), []);
}
