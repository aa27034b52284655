import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../autodiff/with-gradient.ts';
import { GatedCell } from './gated-cell.ts';
import { gruSequence } from './gru-sequence.ts';
import type { RecurrentCellConfig } from './recurrent-cell.ts';

/**
 * A gated recurrent unit (Cho et al. 2014) in the form of torch and cuDNN, whose reset gate acts after the hidden product:
 *
 *     r = σ(W_r·x + U_r·h), z = σ(W_z·x + U_z·h), n = tanh(W_n·x + r ∘ (U_n·h)), h' = (1 − z) ∘ n + z ∘ h
 *
 * The gates lie side by side in the order r, z, n.
 */
export class GruCell extends GatedCell {
  readonly stateSize = 1;

  constructor(config: RecurrentCellConfig) {
    super('GruCell', 3, config);
  }

  step(projected: tf.Tensor, [hidden]: readonly tf.Tensor[]): tf.Tensor[] {
    return [gruStep(projected, hidden, this.projectHidden(hidden))];
  }

  sequence(x: tf.Tensor3D, [hidden]: readonly tf.Tensor[]): tf.Tensor[] {
    return [gruSequence(x, hidden, this)];
  }
}

/**
 * The elementwise part of a GRU step, with one fused gradient.
 *
 * @param fromInput [B, 3H] @param hidden [B, H] @param fromHidden [B, 3H] @returns [B, H]
 */
function gruStep(fromInput: tf.Tensor, hidden: tf.Tensor, fromHidden: tf.Tensor): tf.Tensor {
  const width = hidden.shape[1]!;
  return withGradient(
    [fromInput, hidden, fromHidden],
    (fromInput, hidden, fromHidden) => {
      const [inputGates, inputCandidate] = tf.split(fromInput, [2 * width, width], 1);
      const [hiddenGates, hiddenCandidate] = tf.split(fromHidden, [2 * width, width], 1);
      const [reset, update] = tf.split(tf.sigmoid(tf.add(inputGates, hiddenGates)), 2, 1);
      const candidate = tf.tanh(tf.add(inputCandidate, tf.mul(reset, hiddenCandidate)));
      const value = tf.add(candidate, tf.mul(update, tf.sub(hidden, candidate)));
      return { value, saved: [hidden, hiddenCandidate, reset, update, candidate] };
    },
    (dy, [hidden, hiddenCandidate, reset, update, candidate]) => {
      const carried = tf.mul(dy, update);
      const dCandidate = tf.mul(tf.sub(dy, carried), tf.sub(1, tf.square(candidate)));
      const dReset = tf.mul(tf.mul(dCandidate, hiddenCandidate), tf.mul(reset, tf.sub(1, reset)));
      const dUpdate = tf.mul(tf.mul(carried, tf.sub(hidden, candidate)), tf.sub(1, update));
      return [
        tf.concat([dReset, dUpdate, dCandidate], 1),
        carried,
        tf.concat([dReset, dUpdate, tf.mul(dCandidate, reset)], 1),
      ];
    },
  );
}
