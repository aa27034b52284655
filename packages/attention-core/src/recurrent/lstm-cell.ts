import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { GatedCell } from './gated-cell.ts';
import { lstmSequence } from './lstm-sequence.ts';
import type { RecurrentCellConfig } from './recurrent-cell.ts';

/**
 * A long short-term memory (Hochreiter & Schmidhuber 1997, with forget gate) in torch's form:
 *
 *     i, f, o = σ(W·x + U·h), g = tanh(W_g·x + U_g·h), c' = f ∘ c + i ∘ g, h' = o ∘ tanh(c')
 *
 * The gates lie side by side in the order i, f, g, o.
 */
export class LstmCell extends GatedCell {
  readonly stateSize = 2;

  constructor(config: RecurrentCellConfig) {
    super('LstmCell', 4, config);
  }

  step(projected: tf.Tensor, [hidden, cell]: readonly tf.Tensor[]): tf.Tensor[] {
    const gates = tf.add(projected, this.projectHidden(hidden)); // [B, 4H]
    const both = lstmStep(gates, cell); // [B, 2H]
    return tf.split(both, 2, 1);
  }

  sequence(x: tf.Tensor3D, state: readonly tf.Tensor[]): tf.Tensor[] {
    return lstmSequence(x, state, this);
  }
}

/**
 * The elementwise part of an LSTM step, with one fused gradient.
 *
 * @param gates [B, 4H] @param cell [B, H] @returns h' and c' side by side, [B, 2H]
 */
function lstmStep(gates: tf.Tensor, cell: tf.Tensor): tf.Tensor {
  return withGradient(
    [gates, cell],
    (gates, cell) => {
      const [inputRaw, forgetRaw, candidateRaw, outputRaw] = tf.split(gates, 4, 1);
      const input = tf.sigmoid(inputRaw);
      const forget = tf.sigmoid(forgetRaw);
      const candidate = tf.tanh(candidateRaw);
      const output = tf.sigmoid(outputRaw);
      const nextCell = tf.add(tf.mul(forget, cell), tf.mul(input, candidate));
      const squashed = tf.tanh(nextCell);
      const value = tf.concat([tf.mul(output, squashed), nextCell], 1);
      return { value, saved: [cell, input, forget, candidate, output, squashed] };
    },
    (dy, [cell, input, forget, candidate, output, squashed]) => {
      const [dHidden, dCellOut] = tf.split(dy, 2, 1);
      const viaHidden = tf.mul(tf.mul(dHidden, output), tf.sub(1, tf.square(squashed)));
      const dCell = tf.add(dCellOut, viaHidden);
      const logistic = (gate: tf.Tensor) => tf.mul(gate, tf.sub(1, gate));
      const dGates = tf.concat(
        [
          tf.mul(tf.mul(dCell, candidate), logistic(input)),
          tf.mul(tf.mul(dCell, cell), logistic(forget)),
          tf.mul(tf.mul(dCell, input), tf.sub(1, tf.square(candidate))),
          tf.mul(tf.mul(dHidden, squashed), logistic(output)),
        ],
        1,
      );
      return [dGates, tf.mul(dCell, forget)];
    },
  );
}
