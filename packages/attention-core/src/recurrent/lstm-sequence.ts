import * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { blockLstm } from '../kernels/block-lstm.ts';
import { hasNativeOps, product, sigmoidGradient, sumRows, tanhGradient } from '../kernels/native-ops.ts';
import { before, gatesOfInput, rowsOf, type GatedWeights } from './gated-weights.ts';

/** All steps of an LSTM, each [T, B, H]: what the gradient needs of them. */
interface Steps {
  readonly input: tf.Tensor;
  readonly forget: tf.Tensor;
  readonly candidate: tf.Tensor;
  readonly output: tf.Tensor;
  readonly cell: tf.Tensor;
  /** tanh of the cell. */
  readonly squashed: tf.Tensor;
  readonly hidden: tf.Tensor;
}

/**
 * An LSTM (see `LstmCell`) over a whole sequence, with one gradient: what can be done for all steps at once is, and only the recurrence
 * itself, one product of the state and a few elementwise ops, is left to each step. Without a gradient it is one op where TensorFlow
 * runs; with one, compiled, that op was measured slower than its parts.
 *
 * @param x [T, B, inputs] @param state h and c, [B, H] @returns h and c after every step, [T, B, H]
 */
export function lstmSequence(x: tf.Tensor3D, state: readonly tf.Tensor[], weights: GatedWeights): tf.Tensor[] {
  const { inputWeight, inputBias, hiddenWeight, hiddenBias } = weights;
  const [firstHidden, firstCell] = state;
  const differentiating = isDifferentiating();
  if (hasNativeOps() && !differentiating) {
    const [, cells, , , , , hiddens] = tf.tidy(() => {
      const weight = tf.concat([inputWeight, hiddenWeight], 0); // [inputs + H, 4H]
      return blockLstm(x, firstHidden, firstCell, weight, tf.add(inputBias, hiddenBias));
    });
    return [hiddens, cells];
  }
  const both = withGradient(
    [x, firstHidden, firstCell, inputWeight, inputBias, hiddenWeight, hiddenBias],
    (x, hidden, cell) => {
      const steps = runSteps(x, hidden, cell, weights);
      const { input, forget, candidate, output, squashed } = steps;
      const forGradient = [x, hidden, cell, input, forget, candidate, output, steps.cell, squashed, steps.hidden];
      return {
        value: tf.concat([steps.hidden, steps.cell], 2), // [T, B, 2H]
        saved: differentiating ? [...forGradient, inputWeight, hiddenWeight] : [],
      };
    },
    (dy, [x, firstHidden, firstCell, input, forget, candidate, output, cell, squashed, hidden, ...matrices]) => {
      const steps = { input, forget, candidate, output, cell, squashed, hidden };
      const [inputWeight, hiddenWeight] = matrices;
      const back = backThroughTime(dy, steps, firstCell, hiddenWeight);
      const gates = rowsOf(back.gates); // [T·B, 4H]
      const dBias = sumRows(gates);
      return [
        tf.reshape(product(gates, inputWeight, false, true), x.shape),
        back.hidden,
        back.cell,
        product(rowsOf(x), gates, true),
        dBias,
        product(rowsOf(before(hidden, firstHidden)), gates, true),
        tf.clone(dBias),
      ];
    },
  );
  return tf.split(both, 2, 2);
}

function runSteps(x: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor, weights: GatedWeights): Steps {
  const { inputWeight, inputBias, hiddenWeight, hiddenBias } = weights;
  const fromInput = tf.unstack(gatesOfInput(x, inputWeight, tf.add(inputBias, hiddenBias))); // T × [B, 4H]
  const steps: tf.Tensor[][] = [];
  for (const projected of fromInput) {
    const gates = tf.add(projected, product(hidden, hiddenWeight)); // [B, 4H]
    const [inputRaw, forgetRaw, candidateRaw, outputRaw] = tf.split(gates, 4, 1);
    const [input, forget, output] = [tf.sigmoid(inputRaw), tf.sigmoid(forgetRaw), tf.sigmoid(outputRaw)];
    const candidate = tf.tanh(candidateRaw);
    cell = tf.add(tf.mul(forget, cell), tf.mul(input, candidate));
    const squashed = tf.tanh(cell);
    hidden = tf.mul(output, squashed);
    steps.push([input, forget, candidate, output, cell, squashed, hidden]);
  }
  const [input, forget, candidate, output, cells, squashed, hiddens] = steps[0].map((_, i) =>
    tf.stack(steps.map((step) => step[i])),
  );
  return { input, forget, candidate, output, cell: cells, squashed, hidden: hiddens };
}

/** @param dy [T, B, 2H], of h and c @returns the gradients of all gates [T, B, 4H] and of the first state */
function backThroughTime(dy: tf.Tensor, steps: Steps, firstCell: tf.Tensor, hiddenWeight: tf.Tensor) {
  const { input, forget, candidate, output, cell, squashed } = steps;
  const [dHiddens, dCells] = tf.split(dy, 2, 2).map((x) => tf.unstack(x)); // T × [B, H]
  // slopes of c by the raw gates i, f, g, and of h by o
  const slopes = tf.unstack(
    tf.concat(
      [
        sigmoidGradient(candidate, input),
        sigmoidGradient(before(cell, firstCell), forget),
        tanhGradient(input, candidate),
        sigmoidGradient(squashed, output),
      ],
      2,
    ),
  ); // T × [B, 4H]
  const ofCell = tf.unstack(tanhGradient(output, squashed)); // slope of h by c, T × [B, H]
  const forgets = tf.unstack(forget);
  const back = tf.transpose(hiddenWeight); // once: a product that has to turn it takes a quarter longer, natively
  const gates: tf.Tensor[] = [];
  let dHidden: tf.Tensor | undefined;
  let dCell: tf.Tensor | undefined;
  for (let t = slopes.length - 1; t >= 0; t--) {
    const hidden: tf.Tensor = dHidden === undefined ? dHiddens[t] : tf.add(dHiddens[t], dHidden);
    const viaHidden = tf.add(dCells[t], tf.mul(hidden, ofCell[t]));
    const whole: tf.Tensor = dCell === undefined ? viaHidden : tf.add(viaHidden, dCell);
    gates[t] = tf.mul(tf.concat([whole, whole, whole, hidden], 1), slopes[t]); // [B, 4H]
    dHidden = product(gates[t], back); // [B, H]
    dCell = tf.mul(whole, forgets[t]);
  }
  return { gates: tf.stack(gates), hidden: dHidden!, cell: dCell! };
}
