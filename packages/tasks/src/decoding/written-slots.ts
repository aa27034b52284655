import { fromTensor, type CachedKeysAndValues, type KeysAndValues, type KeyValueCache } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

/** Keys and values of fixed size, [rows, H, slots, D] each. */
export type Slots = { readonly key: tf.Tensor; readonly value: tf.Tensor };

/**
 * The keys and values of what a search wrote, in a fixed number of slots, as tensors that it can repeat and reorder: every step has the shapes of
 * the one before. All rows have written as much.
 */
export class WrittenSlots implements KeyValueCache {
  /**
   * @param kept what was written before; or the number of slots, where nothing was
   * @param written int32 [rows]: how many slots are filled
   */
  constructor(
    private kept: Slots | number,
    private readonly written: tf.Tensor,
  ) {}

  start(): tf.Scalar {
    return tf.reshape(tf.slice(this.written, [0], [1]), []);
  }

  append({ key, value }: KeysAndValues): CachedKeysAndValues {
    const slots = typeof this.kept === 'number' ? this.kept : this.kept.key.shape[2]!;
    const added = key.shape[2]!;
    const start = this.start();
    const places = tf.sub(tf.range(0, slots, 1, 'int32'), start); // [slots], where among the new positions each slot is
    const put = (before: tf.Tensor | undefined, rows: tf.Tensor) => {
      const [batch, heads, , width] = rows.shape as [number, number, number, number];
      // Kept by hand: the block in which this runs frees what it makes.
      return tf.keep(write(before ?? tf.zeros([batch, heads, slots, width]), rows, places)); // [B, H, slots, D]
    };
    const before = typeof this.kept === 'number' ? undefined : this.kept;
    this.kept = { key: put(before?.key, key), value: put(before?.value, value) };
    const seen = tf.lessEqual(places, tf.expandDims(tf.range(0, added, 1, 'int32'), 1)); // [L, slots]
    const mask = fromTensor(tf.reshape(seen, [1, 1, added, slots]));
    return { ...this.kept, mask, place: { start, offset: 0 } };
  }

  /** What there is after something was written. */
  after(): Slots {
    return this.kept as Slots;
  }

  reorder(indices: tf.Tensor1D): void {
    const { key, value } = this.after();
    this.kept = { key: tf.gather(key, indices), value: tf.gather(value, indices) };
  }

  reset(): void {
    this.kept = this.after().key.shape[2]!;
  }

  dispose(): void {
    // The tensors belong to the search's state.
  }
}

/** The buffer with the new rows in the slots whose place is 0 … L − 1. */
function write(buffer: tf.Tensor, rows: tf.Tensor, places: tf.Tensor): tf.Tensor {
  const length = rows.shape[2]!;
  const [slots] = places.shape as [number];
  const first = tf.scalar(0, 'int32');
  // clipByValue reads integers as floats on WASM
  const nearest = tf.minimum(tf.maximum(places, first), tf.scalar(length - 1, 'int32'));
  const candidates = length === 1 ? rows : tf.gather(rows, nearest as tf.Tensor1D, 2); // [B, H, slots, D]
  const inside = tf.logicalAnd(tf.greaterEqual(places, first), tf.less(places, tf.scalar(length, 'int32')));
  return tf.where(tf.reshape(inside, [slots, 1]), candidates, buffer);
}
