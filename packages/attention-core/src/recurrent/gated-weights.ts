import * as tf from '@tensorflow/tfjs';
import { addBias } from '../kernels/native-ops.ts';

/** The weights of a gated cell: all gates side by side, G = gates · H wide. */
export interface GatedWeights {
  /** [inputs, G] */
  readonly inputWeight: tf.Tensor;
  /** [G] */
  readonly inputBias: tf.Tensor;
  /** [H, G] */
  readonly hiddenWeight: tf.Tensor;
  /** [G] */
  readonly hiddenBias: tf.Tensor;
}

/** The input's part of all gates at all steps. @param x [T, B, inputs] @returns [T, B, G] */
export function gatesOfInput(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.reshape(addBias(tf.matMul(rowsOf(x), weight), bias), [x.shape[0], x.shape[1]!, -1]);
}

/** [T, B, W] → [T·B, W] */
export function rowsOf(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape[x.rank - 1]]);
}

/** What stood before each step: the states one step later, with the first in front. @param states [T, B, H] @param first [B, H] */
export function before(states: tf.Tensor, first: tf.Tensor): tf.Tensor {
  const [steps, batch, width] = states.shape as [number, number, number];
  const front = tf.reshape(first, [1, batch, width]);
  return steps === 1 ? front : tf.concat([front, tf.slice(states, [0, 0, 0], [steps - 1, batch, width])]);
}
