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
      let state = initial ?? Array.from({ length: cell.stateSize }, () => tf.zeros([batch, cell.hiddenWidth]));
      const projected = tf.unstack(cell.project(x), 1); // T × [B, gates · hiddenWidth]
      const real = lengths === undefined ? undefined : tf.unstack(realSteps(lengths, steps), 0); // T × [B, 1]
      const outputs: tf.Tensor[] = [];
      for (let i = 0; i < steps; i++) {
        const t = direction === 'forward' ? i : steps - 1 - i;
        const next = cell.step(projected[t], state);
        const mask = real?.[t];
        state =
          mask === undefined ? next : next.map((part, j) => tf.add(state[j], tf.mul(mask, tf.sub(part, state[j]))));
        outputs[t] = mask === undefined ? state[0] : tf.mul(state[0], mask);
      }
      return { outputs: tf.stack(outputs, 1) as tf.Tensor3D, state: [...state] };
    });
  }
}

/** 1 where step t of sequence b is real, else 0: [T, B, 1]. */
function realSteps(lengths: tf.Tensor1D, steps: number): tf.Tensor {
  const positions = tf.reshape(tf.range(0, steps, 1, 'int32'), [steps, 1, 1]);
  return tf.cast(tf.less(positions, tf.reshape(lengths, [1, -1, 1])), 'float32');
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
