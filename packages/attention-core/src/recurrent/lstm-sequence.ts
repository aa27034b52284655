import * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { fused, hasFused } from '../kernels/fused-ops.ts';
import { sigmoidGradient, sumRows, tanhGradient } from '../kernels/native-ops.ts';
import { before, gatesOfInput, rowsOf, type GatedWeights } from './gated-weights.ts';

/** All steps of an LSTM: what the gradient needs of them. */
interface Steps {
  /** Input, forget, candidate and output, each [T, B, H]; from the fused op one, with them side by side: [T, B, 4H]. */
  readonly gates: readonly tf.Tensor[];
  /** [T, B, H] */
  readonly cells: tf.Tensor;
  /** [T, B, H] */
  readonly hiddens: tf.Tensor;
}

/** The gradients of the raw gates [T, B, 4H], and of the first state [B, H]. */
type Back = [gates: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor];

/**
 * An LSTM (see `LstmCell`) over a whole sequence, with one gradient: what can be done for all steps at once is, and only the recurrence
 * itself, one product of the state and a few elementwise ops, is left to each step. Where the backend has an op for that, it is one.
 *
 * @param x [T, B, inputs] @param state h and c, [B, H] @returns h and c after every step, [T, B, H]
 */
export function lstmSequence(x: tf.Tensor3D, state: readonly tf.Tensor[], weights: GatedWeights): tf.Tensor[] {
  const { inputWeight, inputBias, hiddenWeight, hiddenBias } = weights;
  const differentiating = isDifferentiating();
  const isFused = hasFused('HeedLstm');
  const both = withGradient(
    [x, state[0], state[1], inputWeight, inputBias, hiddenWeight, hiddenBias],
    (x, hidden, cell) => {
      const projected = gatesOfInput(x, inputWeight, tf.add(inputBias, hiddenBias)); // [T, B, 4H]
      const steps = isFused
        ? fusedSteps(projected, hiddenWeight, hidden, cell)
        : runSteps(projected, hiddenWeight, hidden, cell);
      const { gates, cells, hiddens } = steps;
      return {
        value: tf.concat([hiddens, cells], 2), // [T, B, 2H]
        saved: differentiating ? [x, hidden, cell, cells, hiddens, inputWeight, hiddenWeight, ...gates] : [],
      };
    },
    (dy, [x, firstHidden, firstCell, cells, hiddens, inputWeight, hiddenWeight, ...gates]) => {
      const [dHiddens, dCells] = tf.split(dy, 2, 2);
      const back = tf.transpose(hiddenWeight); // once: a product that has to turn it takes a quarter longer, natively
      const [dGates, dHidden, dCell] = isFused
        ? (fused('HeedLstmGradient', [dHiddens, dCells, ...gates, cells, firstCell, back]) as Back)
        : backThroughTime(dHiddens, dCells, { gates, cells, hiddens }, firstCell, back);
      const rows = rowsOf(dGates); // [T·B, 4H]
      const dBias = sumRows(rows);
      return [
        tf.reshape(tf.matMul(rows, inputWeight, false, true), x.shape),
        dHidden,
        dCell,
        tf.matMul(rowsOf(x), rows, true),
        dBias,
        tf.matMul(rowsOf(before(hiddens, firstHidden)), rows, true),
        tf.clone(dBias),
      ];
    },
  );
  return tf.split(both, 2, 2);
}

function fusedSteps(projected: tf.Tensor, hiddenWeight: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor): Steps {
  const [gates, cells, hiddens] = fused('HeedLstm', [projected, hiddenWeight, hidden, cell]);
  return { gates: [gates], cells, hiddens };
}

function runSteps(projected: tf.Tensor, hiddenWeight: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor): Steps {
  const steps: tf.Tensor[][] = [];
  for (const fromInput of tf.unstack(projected)) {
    const raw = tf.add(fromInput, tf.matMul(hidden, hiddenWeight)); // [B, 4H]
    const [inputRaw, forgetRaw, candidateRaw, outputRaw] = tf.split(raw, 4, 1);
    const [input, forget, output] = [tf.sigmoid(inputRaw), tf.sigmoid(forgetRaw), tf.sigmoid(outputRaw)];
    const candidate = tf.tanh(candidateRaw);
    cell = tf.add(tf.mul(forget, cell), tf.mul(input, candidate));
    hidden = tf.mul(output, tf.tanh(cell));
    steps.push([input, forget, candidate, output, cell, hidden]);
  }
  const [input, forget, candidate, output, cells, hiddens] = steps[0].map((_, i) =>
    tf.stack(steps.map((step) => step[i])),
  );
  return { gates: [input, forget, candidate, output], cells, hiddens };
}

/** @param back the hidden weight, transposed [4H, H] */
function backThroughTime(
  dHiddens: tf.Tensor,
  dCells: tf.Tensor,
  { gates, cells }: Steps,
  firstCell: tf.Tensor,
  back: tf.Tensor,
): Back {
  const [input, forget, candidate, output] = gates;
  const squashed = tf.tanh(cells);
  // slopes of c by the raw gates i, f, g, and of h by o
  const slopes = tf.unstack(
    tf.concat(
      [
        sigmoidGradient(candidate, input),
        sigmoidGradient(before(cells, firstCell), forget),
        tanhGradient(input, candidate),
        sigmoidGradient(squashed, output),
      ],
      2,
    ),
  ); // T × [B, 4H]
  const ofCell = tf.unstack(tanhGradient(output, squashed)); // slope of h by c, T × [B, H]
  const [ofHiddens, ofCells, forgets] = [dHiddens, dCells, forget].map((x) => tf.unstack(x)); // T × [B, H]
  const dGates: tf.Tensor[] = [];
  let dHidden: tf.Tensor | undefined;
  let dCell: tf.Tensor | undefined;
  for (let t = slopes.length - 1; t >= 0; t--) {
    const hidden: tf.Tensor = dHidden === undefined ? ofHiddens[t] : tf.add(ofHiddens[t], dHidden);
    const viaHidden = tf.add(ofCells[t], tf.mul(hidden, ofCell[t]));
    const whole: tf.Tensor = dCell === undefined ? viaHidden : tf.add(viaHidden, dCell);
    dGates[t] = tf.mul(tf.concat([whole, whole, whole, hidden], 1), slopes[t]); // [B, 4H]
    dHidden = tf.matMul(dGates[t], back); // [B, H]
    dCell = tf.mul(whole, forgets[t]);
  }
  return [tf.stack(dGates), dHidden!, dCell!];
}
