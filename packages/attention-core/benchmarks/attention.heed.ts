/** `attention` on whichever backend was started. */
import { attention, causal, Random, slidingWindow, type AttentionOptions } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly gradient: boolean;
  readonly path?: 'auto' | 'dense' | 'blockwise';
  readonly causal?: boolean;
  /** How many positions before it a query sees. */
  readonly window?: number;
}

export function prepare({ heads, length, width, gradient, window, ...given }: Case): () => tf.TensorContainer {
  const random = new Random(7);
  const shape = [1, heads, length, width];
  const inputs = [0, 1, 2].map(() => tf.tensor(random.normals(heads * length * width), shape));
  const mask = window === undefined ? (given.causal === true ? causal() : undefined) : slidingWindow(window, 0);
  const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => {
    const options: AttentionOptions = {
      query,
      key,
      value,
      mask,
      ...(given.path === undefined ? {} : { path: given.path }),
    };
    return attention(options);
  };
  if (!gradient) return () => run(inputs[0], inputs[1], inputs[2]);
  const gradients = tf.grads((query, key, value) => tf.sum(tf.square(run(query, key, value))));
  return () => gradients(inputs);
}
