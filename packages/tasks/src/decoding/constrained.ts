import * as tf from '@tensorflow/tfjs';
import type { Rows, StepwiseModel } from './sequence-model.ts';

export interface Constraints {
  /** Symbols that are never written. */
  readonly never: readonly number[];
  /** The symbol after the last. */
  readonly end: number;
  /** The end is not written before so many symbols. */
  readonly minimumLength: number;
  /** After so many symbols nothing is written but the end. */
  readonly maximumLength: number;
}

/** Takes away from what is forbidden, in nats; finite, so that what remains keeps a log-probability. */
const FORBIDDEN = -1e9;

/** A model as searches take it, that cannot write what it must not. The probabilities of what it may write sum to 1 again. */
export function constrained<Memory extends Rows, State extends Rows>(
  model: StepwiseModel<Memory, State>,
  { never, end, minimumLength, maximumLength }: Constraints,
): StepwiseModel<Memory, State> {
  let written = 0;
  return {
    encode: (batch) => model.encode(batch),
    begin: (memory) => {
      written = 0;
      return model.begin(memory);
    },
    step: (symbols, before, memory) => {
      const { logits, state } = model.step(symbols, before, memory);
      const penalties = new Float32Array(logits.shape[1]);
      if (written < maximumLength) {
        for (const symbol of written < minimumLength ? [...never, end] : never) penalties[symbol] = FORBIDDEN;
      } else {
        penalties.fill(FORBIDDEN)[end] = 0;
      }
      written++;
      const allowed = tf.tidy(() => tf.add(logits, penalties) as tf.Tensor2D);
      logits.dispose();
      return { logits: allowed, state };
    },
  };
}
