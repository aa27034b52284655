import type { Module, RandomStream } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';

/** Tensors, by name or in a list, whose first axis counts sequences. */
export type Rows = tf.Tensor | undefined | readonly Rows[] | { readonly [name: string]: Rows };

/** Sources as a model takes them. */
export type SourceBatch = {
  /** int32 [B, S] */
  readonly source: tf.Tensor2D;
  /** int32 [B]: how many symbols of each source are real, at least 1. */
  readonly sourceLengths: tf.Tensor1D;
};

/** Sources with what was written before each step: teacher forcing. */
export type TeacherForcedBatch = SourceBatch & {
  /** int32 [B, L]: the start symbol, then the target without its end. */
  readonly targetInputs: tf.Tensor2D;
};

/** Whether a model runs in training: passing randomness is training mode. */
export interface ForwardMode {
  readonly random?: RandomStream | undefined;
}

/**
 * A model that reads a source and writes a target, symbol by symbol. Training calls `forward`; decoding calls `encode` and
 * `begin` once, then `step`, and repeats and reorders rows in between.
 */
export interface SequenceModel<Memory extends Rows = Rows, State extends Rows = Rows> extends Module {
  /** The logits of every step, given the right symbols before it: [B, L, V]. */
  forward(batch: TeacherForcedBatch, mode?: ForwardMode): tf.Tensor3D;
  /** How much every step looks at every source symbol: [B, L, S]; undefined where the model has no attention. The caller disposes it. */
  align(batch: TeacherForcedBatch): tf.Tensor3D | undefined;
  /** What is known of the source throughout decoding. */
  encode(batch: SourceBatch, mode?: ForwardMode): Memory;
  /** The state before the first symbol. */
  begin(memory: Memory): State;
  /** One symbol further. @param symbols int32 [rows] @returns logits [rows, V] and the next state, none of whose tensors is one of the old */
  step(symbols: tf.Tensor1D, state: State, memory: Memory): { readonly logits: tf.Tensor2D; readonly state: State };
}

/** What searches need of a model: reading a source, and writing one symbol after another. */
export type StepwiseModel<Memory extends Rows = Rows, State extends Rows = Rows> = Pick<
  SequenceModel<Memory, State>,
  'encode' | 'begin' | 'step'
>;
