import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';

/** The activations that the models of this field use, by their usual names. */
export type Activation = 'relu' | 'gelu' | 'gelu-tanh' | 'silu';

/** Applies an activation by name. */
export function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case 'relu':
      return tf.relu(x);
    case 'gelu':
      return gelu(x);
    case 'gelu-tanh':
      return geluTanh(x);
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
  }
}

/** x·Φ(x) with the exact Gaussian distribution function Φ (Hendrycks & Gimpel 2016), as BERT uses it. */
export function gelu(x: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    (x) => {
      const distribution = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
      return { value: tf.mul(x, distribution), saved: [x, distribution] };
    },
    (dy, [x, distribution]) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [tf.mul(dy, tf.add(distribution, tf.mul(x, density)))];
    },
  );
}

/** x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))), the approximation of GPT-2 (`gelu_new`). */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  const scale = Math.sqrt(2 / Math.PI);
  return withGradient(
    [x],
    (x) => {
      const squared = tf.square(x);
      const tanh = tf.tanh(tf.mul(tf.mul(x, tf.add(tf.mul(squared, 0.044715), 1)), scale));
      return { value: tf.mul(tf.mul(x, 0.5), tf.add(tanh, 1)), saved: [x, squared, tanh] };
    },
    (dy, [x, squared, tanh]) => {
      const slope = tf.mul(tf.add(tf.mul(squared, 3 * 0.044715), 1), scale);
      const inner = tf.mul(tf.mul(x, tf.sub(1, tf.square(tanh))), slope);
      return [tf.mul(dy, tf.mul(tf.add(tf.add(tanh, 1), inner), 0.5))];
    },
  );
}
