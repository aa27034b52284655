import * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused, type FusedOp } from '../kernels/fused-ops.ts';
import { sigmoidGradient } from '../kernels/native-ops.ts';
import { fusedLinear, type Linear } from './linear.ts';

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
      return silu(x);
  }
}

/** A layer and its activation, in one op where the backend has it and nobody will ask for the gradient. @param x [..., inputs] */
export function activateLinear(x: tf.Tensor, layer: Linear, activation: Activation): tf.Tensor {
  const inOneOp = activation === 'gelu' && !isDifferentiating() ? fusedLinear(x, [layer], { gelu: true }) : undefined;
  return inOneOp?.[0] ?? activate(layer.forward(x), activation);
}

/** x·Φ(x) with the exact Gaussian distribution function Φ (Hendrycks & Gimpel 2016), as BERT uses it. */
export function gelu(x: tf.Tensor): tf.Tensor {
  if (hasFused('HeedGelu')) return inOnePass(x, 'HeedGelu', 'HeedGeluGradient');
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

/** x·σ(x), also known as swish (Elfwing et al. 2017). */
function silu(x: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    (x) => {
      const share = tf.sigmoid(x);
      return { value: tf.mul(x, share), saved: [x, share] };
    },
    (dy, [x, share]) => [tf.add(tf.mul(dy, share), sigmoidGradient(tf.mul(dy, x), share))],
  );
}

/**
 * x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))), the approximation of GPT-2 (`gelu_new`). With 1 + tanh(u) = 2σ(2u) it is
 * x · σ(a·x·(1 + 0.044715 x²)) with a = 2√(2/π).
 */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  if (hasFused('HeedGeluTanh')) return inOnePass(x, 'HeedGeluTanh', 'HeedGeluTanhGradient');
  const a = 2 * Math.sqrt(2 / Math.PI);
  return withGradient(
    [x],
    (x) => {
      const squared = tf.square(x);
      const share = tf.sigmoid(tf.mul(x, tf.add(tf.mul(squared, 0.044715 * a), a)));
      return { value: tf.mul(x, share), saved: [x, squared, share] };
    },
    (dy, [x, squared, share]) => {
      const slope = tf.add(tf.mul(squared, 3 * 0.044715 * a), a); // of the sigmoid's argument
      return [tf.add(tf.mul(dy, share), tf.mul(sigmoidGradient(tf.mul(dy, x), share), slope))];
    },
  );
}

function inOnePass(x: tf.Tensor, op: FusedOp, gradient: FusedOp): tf.Tensor {
  return withGradient(
    [x],
    (x) => ({ value: fused(op, [x])[0], saved: [x] }),
    (dy, [x]) => fused(gradient, [dy, x]),
  );
}
