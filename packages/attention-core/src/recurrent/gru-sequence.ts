import * as tf from '@tensorflow/tfjs';
import { isDifferentiating } from '../autodiff/captured.ts';
import { withGradient } from '../autodiff/with-gradient.ts';
import { addBias, sigmoidGradient, sumRows, tanhGradient } from '../kernels/native-ops.ts';
import { before, gatesOfInput, rowsOf, type GatedWeights } from './gated-weights.ts';

/**
 * A GRU (see `GruCell`) over a whole sequence, with one gradient: what can be done for all steps at once is, and only the recurrence
 * itself is left to each step. (TensorFlow's `GRUBlockCell` resets before the hidden product, which is another GRU than torch's.)
 *
 * @param x [T, B, inputs] @param first [B, H] @returns h after every step, [T, B, H]
 */
export function gruSequence(x: tf.Tensor3D, first: tf.Tensor, weights: GatedWeights): tf.Tensor {
  const { inputWeight, inputBias, hiddenWeight, hiddenBias } = weights;
  const width = first.shape[1]!;
  const differentiating = isDifferentiating();
  return withGradient(
    [x, first, inputWeight, inputBias, hiddenWeight, hiddenBias],
    (x, first) => {
      const [gates, candidates] = tf
        .split(gatesOfInput(x, inputWeight, inputBias), [2 * width, width], 2)
        .map((part) => tf.unstack(part));
      const steps: tf.Tensor[][] = [];
      let hidden = first;
      for (const [t, inputGates] of gates.entries()) {
        const fromHidden = addBias(tf.matMul(hidden, hiddenWeight), hiddenBias); // [B, 3H]
        const [hiddenGates, hiddenCandidate] = tf.split(fromHidden, [2 * width, width], 1);
        const both = tf.sigmoid(tf.add(inputGates, hiddenGates)); // [B, 2H]
        const [reset, update] = tf.split(both, 2, 1);
        const candidate = tf.tanh(tf.add(candidates[t], tf.mul(reset, hiddenCandidate)));
        hidden = tf.add(candidate, tf.mul(update, tf.sub(hidden, candidate)));
        steps.push([hidden, both, candidate, hiddenCandidate]);
      }
      const all = (part: number) => tf.stack(steps.map((step) => step[part]));
      const value = all(0); // [T, B, H]
      return {
        value,
        saved: differentiating ? [x, first, value, all(1), all(2), all(3), inputWeight, hiddenWeight] : [],
      };
    },
    (dy, [x, first, hidden, both, candidate, hiddenCandidate, inputWeight, hiddenWeight]) => {
      const [reset, update] = tf.split(both, 2, 2); // [T, B, H]
      const past = before(hidden, first);
      const ofCandidate = tanhGradient(tf.sub(1, update), candidate); // slope of h by the raw candidate
      const slopes = tf.concat(
        [
          sigmoidGradient(tf.mul(ofCandidate, hiddenCandidate), reset),
          sigmoidGradient(tf.sub(past, candidate), update),
          tf.mul(ofCandidate, reset),
        ],
        2,
      ); // of h by the hidden part of the gates r, z, n: [T, B, 3H]
      const back = backThroughTime(dy, slopes, update, hiddenWeight);
      const fromHidden = rowsOf(back.gates); // [T·B, 3H]
      const [dGates] = tf.split(fromHidden, [2 * width, width], 1);
      const fromInput = tf.concat([dGates, rowsOf(tf.mul(back.hidden, ofCandidate))], 1) as tf.Tensor2D; // [T·B, 3H]
      return [
        tf.reshape(tf.matMul(fromInput, inputWeight, false, true), x.shape),
        back.first,
        tf.matMul(rowsOf(x), fromInput, true),
        sumRows(fromInput),
        tf.matMul(rowsOf(past), fromHidden, true),
        sumRows(fromHidden),
      ];
    },
  );
}

/** @returns the gradients of the gates' hidden part [T, B, 3H], of every h [T, B, H], and of the first */
function backThroughTime(dy: tf.Tensor, slopes: tf.Tensor, update: tf.Tensor, hiddenWeight: tf.Tensor) {
  const [dHiddens, ofGates, updates] = [dy, slopes, update].map((x) => tf.unstack(x));
  const back = tf.transpose(hiddenWeight); // once: a product that has to turn it takes a quarter longer, natively
  const gates: tf.Tensor[] = [];
  const hiddens: tf.Tensor[] = [];
  let carried: tf.Tensor | undefined;
  for (let t = ofGates.length - 1; t >= 0; t--) {
    const hidden: tf.Tensor = carried === undefined ? dHiddens[t] : tf.add(dHiddens[t], carried);
    hiddens[t] = hidden;
    gates[t] = tf.mul(tf.concat([hidden, hidden, hidden], 1), ofGates[t]); // [B, 3H]
    carried = tf.add(tf.mul(hidden, updates[t]), tf.matMul(gates[t], back)); // [B, H]
  }
  return { gates: tf.stack(gates), hidden: tf.stack(hiddens), first: carried! };
}
