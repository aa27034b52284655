import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { addBias, sumRows } from '../kernels/native-ops.ts';
import type { Linear } from './linear.ts';

/**
 * Several projections of one input, each split into as many heads of one width: one product with all weights side by side, whose gradient
 * is two products instead of two for each.
 *
 * @param x [B, L, M]
 * @param layers P layers [M, H·D], all with a bias or all without
 * @returns P tensors [B, H, L, D]
 */
export function projectHeads(x: tf.Tensor, layers: readonly Linear[], heads: number): tf.Tensor4D[] {
  const [batch, length, width] = x.shape as [number, number, number];
  const count = layers.length;
  const headWidth = layers[0].weight.shape[1] / heads;
  const hasBias = layers[0].bias !== undefined;
  const weights = layers.map(({ weight }) => weight);
  const biases = hasBias ? layers.map(({ bias }) => bias!) : [];
  const packed = withGradient(
    [x, ...weights, ...biases],
    (x, ...parameters) => {
      const rows = tf.reshape(x, [-1, width]); // [N, M]
      const weight = tf.concat(parameters.slice(0, count), 1); // [M, P·H·D]
      const projected = tf.matMul(rows, weight); // [N, P·H·D]
      const y = hasBias ? addBias(projected, tf.concat(parameters.slice(count))) : projected;
      const split = tf.reshape(y, [batch, length, count, heads, headWidth]);
      return { value: tf.transpose(split, [2, 0, 3, 1, 4]), saved: [rows, weight] }; // [P, B, H, L, D]
    },
    (dy, [rows, weight]) => {
      const dyRows = tf.reshape(tf.transpose(dy, [1, 3, 0, 2, 4]), [batch * length, -1]); // [N, P·H·D]
      const dx = tf.reshape(tf.matMul(dyRows, weight, false, true), x.shape);
      const dWeights = tf.split(tf.matMul(rows, dyRows, true), count, 1);
      return [dx, ...dWeights, ...(hasBias ? tf.split(sumRows(dyRows), count) : [])];
    },
  );
  return tf.unstack(packed) as tf.Tensor4D[];
}
