import type * as tf from '@tensorflow/tfjs';
import type { Module } from '../module/module.ts';
import type { Random } from '../random/random.ts';

export interface RecurrentCellConfig {
  readonly inputs: number;
  readonly hiddenWidth: number;
  /** Where the initial weights come from: uniform in ±1/√hiddenWidth, as torch.nn.GRU and LSTM. */
  readonly random: Random;
}

/**
 * One step of a recurrent network. A state is a list of [B, hiddenWidth] tensors, of which the first is the output: [h] for a
 * GRU, [h, c] for an LSTM.
 */
export interface RecurrentCell extends Module {
  readonly hiddenWidth: number;
  /** Number of tensors in a state. */
  readonly stateSize: number;
  /** The input's part of all gates. @param x [..., inputs] @returns [..., gates · hiddenWidth] */
  project(x: tf.Tensor): tf.Tensor;
  /** @param projected [B, gates · hiddenWidth] from `project` */
  step(projected: tf.Tensor, state: readonly tf.Tensor[]): tf.Tensor[];
  /** All steps of a sequence. @param x [T, B, inputs] @param state before the first @returns the states after every step, each [T, B, hiddenWidth] */
  sequence(x: tf.Tensor3D, state: readonly tf.Tensor[]): tf.Tensor[];
}

/** @throws if a state does not fit the cell */
export function requireState(owner: string, cell: RecurrentCell, state: readonly tf.Tensor[]): void {
  if (state.length !== cell.stateSize || state.some((part) => part.shape.at(-1) !== cell.hiddenWidth)) {
    throw new Error(
      `${owner}: state must be ${cell.stateSize} tensors [B, ${cell.hiddenWidth}], got [${state.map((part) => `[${part.shape}]`).join(', ')}]`,
    );
  }
}
