/** Heed's `attention`, compiled. */
import { attention } from '@heed/attention-core';
import { sameInputs } from '@heed/bench/same-values';
import { compile } from '@heed/training';
import * as tf from '@tensorflow/tfjs';

interface Case {
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly gradient: boolean;
}

export function prepare({ heads, length, width, gradient }: Case): () => tf.TensorContainer {
  const shape = [1, heads, length, width];
  const inputs = ['query', 'key', 'value'].map((name) => tf.tensor(sameInputs(name, shape), shape));
  const run = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) => attention({ query, key, value });
  const gradients = tf.grads((query, key, value) => tf.sum(tf.square(run(query, key, value))));
  const compiled = compile((...[query, key, value]: tf.Tensor[]) =>
    gradient ? gradients([query, key, value]) : run(query, key, value),
  );
  return () => compiled(...inputs);
}
