import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { recordMap } from '../maps/capture.ts';
import type { AttentionCall } from './attention-call.ts';

/** The path of no sequences, no queries or no keys: zeros, since no query sees anything, and gradients of zeros. */
export function withoutNumbers({ operands, name }: AttentionCall): tf.Tensor {
  const { batch, heads, queryLength, keyLength } = operands;
  const { query, key, value } = operands.byHead();
  recordMap(name, (asked, queries) =>
    tf.zeros([batch, asked?.length ?? heads, queries?.length ?? queryLength, keyLength]),
  );
  return withGradient(
    [query, key, value],
    () => ({ value: tf.zeros([batch, heads, queryLength, value.shape[3]!]), saved: [] }),
    () => [query, key, value].map(({ shape }) => tf.zeros(shape)),
    { again: 'backward' },
  );
}
