import * as tf from '@tensorflow/tfjs';
import { tidyRows } from '../compiled/rows.ts';
import type { Rows } from '../compiled/rows.ts';
import type { SourceTensors, StepwiseModel } from './sequence-model.ts';

export interface Constraints {
  /** Symbols that are never written. */
  readonly never: readonly number[];
  /** The symbol after the last. */
  readonly end: number;
  /** The end is not written before so many symbols. */
  readonly minimumLength: number;
  /** After so many symbols nothing is written but the end; `Infinity` for no limit. */
  readonly maximumLength: number;
}

/** The largest int32: what infinity is where numbers of symbols are compared. */
const NEVER = 2 ** 31 - 1;

/** A state that counts. */
type Counted<State extends Rows> = {
  readonly inner: State;
  /** int32 [rows]: how many symbols were written. */
  readonly written: tf.Tensor;
};

/** Takes away from what is forbidden, in nats; finite, so that what remains keeps a log-probability. */
const FORBIDDEN = -1e9;

/** A model as searches take it, that cannot write what it must not. The probabilities of what it may write sum to 1 again. */
export function constrained<Memory extends Rows, State extends Rows, Source extends SourceTensors>(
  model: StepwiseModel<Memory, State, Source>,
  { never, end, minimumLength, maximumLength }: Constraints,
): StepwiseModel<{ readonly inner: Memory; readonly count: tf.Tensor }, Counted<State>, Source> {
  return {
    encode: (batch) => {
      const rows = Object.values(batch)[0].shape[0]!;
      return { inner: model.encode(batch), count: tf.zeros([rows], 'int32') };
    },
    begin: ({ inner, count }, room) => ({ inner: model.begin(inner, room), written: tf.clone(count) }),
    step: (symbols, { inner, written }, memory) =>
      tidyRows(() => {
        const { logits, state } = model.step(symbols, inner, memory.inner);
        const size = logits.shape[1];
        const without = (forbidden: readonly number[]) => {
          const penalties = new Float32Array(size);
          for (const symbol of forbidden) penalties[symbol] = FORBIDDEN;
          return tf.tensor2d(penalties, [1, size]);
        };
        const only = new Float32Array(size).fill(FORBIDDEN);
        only[end] = 0;
        const count = tf.expandDims(written, 1); // [rows, 1]
        const early = tf.less(count, tf.scalar(minimumLength, 'int32'));
        const late = tf.greaterEqual(count, tf.scalar(Math.min(maximumLength, NEVER), 'int32'));
        const penalties = tf.where(
          late,
          tf.tensor2d(only, [1, size]),
          tf.where(early, without([...never, end]), without(never)),
        );
        const after = { inner: state, written: tf.add(written, tf.scalar(1, 'int32')) };
        return { logits: tf.add(logits, penalties) as tf.Tensor2D, state: after };
      }),
  };
}
