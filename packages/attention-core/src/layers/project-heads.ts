import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { addBias, sumRows } from '../kernels/native-ops.ts';
import { fusedLinear, type Linear } from './linear.ts';

/**
 * Several projections of one input side by side: one product with all weights, whose gradient is two products instead of two for each.
 *
 * @param x [B, L, M]
 * @param layers P layers [M, O], all with a bias or all without
 * @returns [B, L, P·O]
 */
export function projectTogether(x: tf.Tensor, layers: readonly Linear[]): tf.Tensor3D {
  const [batch, length, width] = x.shape as [number, number, number];
  const count = layers.length;
  const hasBias = layers[0].bias !== undefined;
  const weights = layers.map(({ weight }) => weight);
  const biases = hasBias ? layers.map(({ bias }) => bias!) : [];
  return withGradient(
    [x, ...weights, ...biases],
    (x, ...parameters) => {
      const rows = tf.reshape(x, [batch * length, width]); // [N, M]
      const weight = tf.concat(parameters.slice(0, count), 1); // [M, P·O]
      const projected = tf.matMul(rows, weight); // [N, P·O]
      const y = hasBias ? addBias(projected, tf.concat(parameters.slice(count))) : projected;
      return { value: tf.reshape(y, [batch, length, weight.shape[1]!]), saved: [rows, weight] };
    },
    (dy, [rows, weight]) => {
      const dyRows = tf.reshape(dy, [batch * length, weight.shape[1]!]); // [N, P·O]
      const dx = tf.reshape(tf.matMul(dyRows, weight, false, true), x.shape);
      const dWeights = tf.split(tf.matMul(rows, dyRows, true), count, 1);
      return [dx, ...dWeights, ...(hasBias ? tf.split(sumRows(dyRows), count) : [])];
    },
  ) as tf.Tensor3D;
}

/**
 * Several projections of one input where no gradient is asked for: laying their weights side by side would cost more than it saves.
 *
 * @param x [B, L, M]
 * @returns [B, L, O] each
 */
export function projectEach(x: tf.Tensor, layers: readonly Linear[]): tf.Tensor[] {
  return fusedLinear(x, layers, { gelu: false }) ?? layers.map((layer) => layer.forward(x));
}

/** The heads of P projections that lie side by side. @param x [B, L, P·H·D] @returns P tensors [B, H, L, D] */
export function unstackHeads(x: tf.Tensor3D, count: number, heads: number): tf.Tensor4D[] {
  const [batch, length, width] = x.shape;
  const split = tf.reshape(x, [batch, length, count, heads, width / (count * heads)]);
  return tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as tf.Tensor4D[];
}
