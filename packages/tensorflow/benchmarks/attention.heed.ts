/** Heed's `attention`, compiled. */
import { attention, causal, slidingWindow } from '@heed/attention-core';
import { sameInputs } from '@heed/bench/same-values';
import { compile } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly gradient: boolean;
  /** How many positions before it a query sees, or all of them. Absent: the later ones too. */
  readonly window?: number | 'all';
}

export function prepare({ heads, length, width, gradient, window }: Case): () => tf.TensorContainer {
  const shape = [1, heads, length, width];
  const inputs = ['query', 'key', 'value'].map((name) => tf.tensor(sameInputs(name, shape), shape));
  const mask = window === undefined ? undefined : window === 'all' ? causal() : slidingWindow(window, 0);
  const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => attention({ query, key, value, mask });
  const gradients = tf.grads((query, key, value) => tf.sum(tf.square(run(query, key, value))));
  const compiled = compile((...[query, key, value]: tf.Tensor[]) =>
    gradient ? gradients([query, key, value]) : run(query, key, value),
  );
  return () => compiled(...inputs);
}
