import { causal, type CachedKeysAndValues, type KeysAndValues, type KeyValueCache } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** The keys and values of what was written, as tensors that a search can repeat and reorder. */
export class WrittenKeys implements KeyValueCache {
  constructor(private kept: KeysAndValues | undefined) {}

  start(): number {
    return this.kept?.key.shape[2] ?? 0;
  }

  append({ key, value }: KeysAndValues): CachedKeysAndValues {
    const start = this.start();
    // Kept by hand: the block in which this runs frees what it makes.
    const after = (before: tf.Tensor | undefined, added: tf.Tensor) =>
      tf.keep(before === undefined ? tf.clone(added) : tf.concat([before, added], 2)); // [B, H, L, D]
    this.kept = { key: after(this.kept?.key, key), value: after(this.kept?.value, value) };
    return { ...this.kept, mask: causal(), place: { start, offset: 0 } };
  }

  /** What there is now. */
  written(): KeysAndValues {
    return this.kept!;
  }

  reorder(indices: tf.Tensor1D): void {
    if (this.kept === undefined) return;
    this.kept = { key: tf.gather(this.kept.key, indices), value: tf.gather(this.kept.value, indices) };
  }

  reset(): void {
    this.kept = undefined;
  }

  dispose(): void {
    // The tensors belong to the search's state.
  }
}
