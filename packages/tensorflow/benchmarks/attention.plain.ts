/** Attention as it is written in stock tfjs. */
import { sameInputs } from '@heed/bench/same-values';
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
  const attend = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
    tf.matMul(tf.softmax(tf.div(tf.matMul(query, key, false, true), Math.sqrt(width))), value);
  const gradients = tf.grads((query, key, value) => tf.sum(tf.square(attend(query, key, value))));
  return () => (gradient ? gradients(inputs) : tf.tidy(() => attend(inputs[0], inputs[1], inputs[2])));
}
