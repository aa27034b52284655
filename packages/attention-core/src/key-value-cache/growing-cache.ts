import * as tf from '@tensorflow/tfjs';
import { causal } from '../masks/causal.ts';
import type { CachedKeysAndValues, KeyValueCache } from './key-value-cache.ts';

/**
 * A cache that grows with the sequence: nothing to size, and never more memory than needed. Its shapes change at every step, so
 * a recorded step is recorded anew each time: use `StaticCache` with `compile`.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { GrowingCache, MultiHeadAttention, Random } from '@heed/attention-core';
 * const layer = new MultiHeadAttention({ modelWidth: 8, heads: 2, random: new Random(7) });
 * const cache = new GrowingCache();
 * layer.forward(tf.ones([1, 3, 8]), { cache }); // the prompt
 * layer.forward(tf.ones([1, 1, 8]), { cache }).shape; // [1, 1, 8], having seen 4 positions
 * cache.dispose();
 * ```
 */
export class GrowingCache implements KeyValueCache {
  private key: tf.Tensor | undefined;
  private value: tf.Tensor | undefined;

  start(): number {
    return this.key?.shape[2] ?? 0;
  }

  append(added: { readonly key: tf.Tensor; readonly value: tf.Tensor }): CachedKeysAndValues {
    const start = this.start();
    const key = grown(this.key, added.key); // [B, K, S, D]
    const value = grown(this.value, added.value); // [B, K, S, Dv]
    this.replace(key, value);
    return { key, value, mask: causal(), place: { start, offset: 0 } };
  }

  reorder(indices: tf.Tensor1D): void {
    if (this.key === undefined || this.value === undefined) return;
    this.replace(tf.keep(tf.gather(this.key, indices)), tf.keep(tf.gather(this.value, indices)));
  }

  reset(): void {
    this.replace(undefined, undefined);
  }

  dispose(): void {
    this.reset();
  }

  private replace(key: tf.Tensor | undefined, value: tf.Tensor | undefined): void {
    this.key?.dispose();
    this.value?.dispose();
    this.key = key;
    this.value = value;
  }
}

function grown(kept: tf.Tensor | undefined, added: tf.Tensor): tf.Tensor {
  return tf.keep(kept === undefined ? tf.clone(added) : tf.concat([kept, added], 2));
}
