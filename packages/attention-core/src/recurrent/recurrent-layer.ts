import * as tf from '@tensorflow/tfjs';
import { Module } from '../module/module.ts';
import { requireState, type RecurrentCell } from './recurrent-cell.ts';

export interface RecurrentInputs {
  /** int32 [B]: how many steps of each sequence are real; those after them leave the state as it is and output 0. Default: all. */
  readonly lengths?: tf.Tensor1D | undefined;
  /** Default: zeros. */
  readonly state?: readonly tf.Tensor[];
}

export interface RecurrentOutputs {
  /** [B, T, hiddenWidth] */
  readonly outputs: tf.Tensor3D;
  /** The state after each sequence's last real step: tensors [B, hiddenWidth]. */
  readonly state: tf.Tensor[];
}

/**
 * A cell run over a sequence, forwards or backwards.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { GruCell, Random, RecurrentLayer } from '@heed/attention-core';
 * const layer = new RecurrentLayer(new GruCell({ inputs: 4, hiddenWidth: 8, random: new Random(7) }));
 * layer.forward(tf.ones([2, 5, 4])).outputs.shape; // [2, 5, 8]
 * ```
 */
export class RecurrentLayer<Cell extends RecurrentCell = RecurrentCell> extends Module {
  readonly cell: Cell;
  private readonly direction: 'forward' | 'backward';

  constructor(cell: Cell, { direction = 'forward' }: { direction?: 'forward' | 'backward' } = {}) {
    super();
    this.cell = cell;
    this.direction = direction;
  }

  /** @param x [B, T, inputs] */
  forward(x: tf.Tensor3D, { lengths, state: initial }: RecurrentInputs = {}): RecurrentOutputs {
    const { cell, direction } = this;
    const [batch, steps] = x.shape;
    if (initial !== undefined) requireState('RecurrentLayer', cell, initial);
    return tf.tidy(() => {
      const first = initial ?? Array.from({ length: cell.stateSize }, () => tf.zeros([batch, cell.hiddenWidth]));
      const inTime = tf.transpose(x, [1, 0, 2]); // [T, B, inputs]
      const turned = (steps: tf.Tensor3D) => (direction === 'forward' ? steps : reversed(steps, lengths));
      const states = cell.sequence(turned(inTime), first); // [T, B, hiddenWidth] each
      const state =
        lengths === undefined
          ? states.map((part) => tf.squeeze(tf.slice(part, [steps - 1, 0, 0], [1, -1, -1]), [0]))
          : states.map((part, i) => lastReal(part, first[i], lengths));
      const real = lengths === undefined ? states[0] : tf.mul(states[0], realSteps(lengths, steps));
      return { outputs: tf.transpose(turned(real as tf.Tensor3D), [1, 0, 2]) as tf.Tensor3D, state };
    });
  }
}

/** 1 where step t of sequence b is real, else 0: [T, B, 1]. */
function realSteps(lengths: tf.Tensor1D, steps: number): tf.Tensor {
  return tf.cast(tf.less(stepNumbers(steps), tf.reshape(lengths, [1, -1, 1])), 'float32');
}

/** The state after each sequence's last real step; of an empty one the first. @param states [T, B, H] @returns [B, H] */
function lastReal(states: tf.Tensor, first: tf.Tensor, lengths: tf.Tensor1D): tf.Tensor {
  const last = tf.sub(tf.reshape(lengths, [1, -1, 1]), tf.scalar(1, 'int32'));
  const isLast = tf.cast(tf.equal(stepNumbers(states.shape[0]), last), 'float32'); // [T, B, 1]
  const isEmpty = tf.cast(tf.expandDims(tf.lessEqual(lengths, tf.scalar(0, 'int32')), 1), 'float32'); // [B, 1]
  return tf.add(tf.sum(tf.mul(states, isLast), 0), tf.mul(first, isEmpty));
}

/** The real steps of each sequence from the last to the first; the others stay where they are. @param x [T, B, W] */
function reversed(x: tf.Tensor3D, lengths: tf.Tensor1D | undefined): tf.Tensor3D {
  if (lengths === undefined) return tf.reverse(x, 0);
  const [steps, batch, width] = x.shape;
  const step = tf.squeeze(stepNumbers(steps), [2]); // [T, 1]
  const last = tf.sub(tf.expandDims(lengths, 0), tf.scalar(1, 'int32')); // [1, B]
  const source = tf.where(tf.lessEqual(step, last), tf.sub(last, step), tf.add(step, tf.zerosLike(last))); // [T, B]
  const rows = tf.add(tf.mul(source, tf.scalar(batch, 'int32')), tf.range(0, batch, 1, 'int32'));
  return tf.reshape(tf.gather(tf.reshape(x, [-1, width]), tf.reshape(rows, [-1]) as tf.Tensor1D), x.shape);
}

/** 0, 1, … as int32 [T, 1, 1]. */
function stepNumbers(steps: number): tf.Tensor {
  return tf.reshape(tf.range(0, steps, 1, 'int32'), [steps, 1, 1]);
}

/** Two cells that read a sequence from both ends; outputs and states are laid side by side. */
export class BidirectionalLayer<Cell extends RecurrentCell = RecurrentCell> extends Module {
  readonly forwards: RecurrentLayer<Cell>;
  readonly backwards: RecurrentLayer<Cell>;

  constructor(forwards: Cell, backwards: Cell) {
    super();
    this.forwards = new RecurrentLayer(forwards);
    this.backwards = new RecurrentLayer(backwards, { direction: 'backward' });
  }

  /** @param x [B, T, inputs] @returns outputs [B, T, 2 · hiddenWidth], state tensors [B, 2 · hiddenWidth] */
  forward(x: tf.Tensor3D, { lengths }: Pick<RecurrentInputs, 'lengths'> = {}): RecurrentOutputs {
    return tf.tidy(() => {
      const left = this.forwards.forward(x, { lengths });
      const right = this.backwards.forward(x, { lengths });
      return {
        outputs: tf.concat([left.outputs, right.outputs], 2),
        state: left.state.map((part, i) => tf.concat([part, right.state[i]], 1)),
      };
    });
  }
}
