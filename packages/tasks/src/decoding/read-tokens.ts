import * as tf from '@tensorflow/tfjs';
import { tidyRows } from '../compiled/rows.ts';
import type { CausalModel } from './causal-model.ts';
import { WrittenSlots, type Slots } from './written-slots.ts';

/** What a causal model read: int32 [rows] how many tokens, and keys and values of each layer. */
export type Read = { readonly written: tf.Tensor; readonly layers: readonly Slots[] };

/**
 * Reads tokens, int32 [rows, L], after those that were read before.
 *
 * @param before what was read; or the number of slots, where nothing was
 * @returns the logits of the token after the last, and what was read
 */
export function readTokens(
  model: CausalModel,
  tokens: tf.Tensor2D,
  before: Read | number,
): { readonly logits: tf.Tensor2D; readonly state: Read } {
  return tidyRows(() => {
    const [rows, length] = tokens.shape;
    const written = typeof before === 'number' ? tf.zeros([rows], 'int32') : before.written;
    const caches = model.layers.map(
      (_, layer) => new WrittenSlots(typeof before === 'number' ? before : before.layers[layer], written),
    );
    const logits = model.next(tokens, { caches });
    const after = tf.add(written, tf.scalar(length, 'int32'));
    return { logits, state: { written: after, layers: caches.map((cache) => cache.after()) } };
  });
}
