import type { Module, RandomStream } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import type { Rows } from '../compiled/rows.ts';

/** What a model reads, as tensors by name whose first axis counts sequences: texts, spectra, pictures. */
export type SourceTensors = Readonly<Record<string, tf.Tensor>>;

/** Texts as a model reads them. */
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

/** What searches need of a model: reading a source, and writing one symbol after another. `encode` and `begin` are called once, then `step`. */
export interface StepwiseModel<
  Memory extends Rows = Rows,
  State extends Rows = Rows,
  Source extends SourceTensors = SourceBatch,
> {
  /** What is known of the source throughout decoding. */
  encode(batch: Source, mode?: ForwardMode): Memory;
  /** The state before the first symbol. @param room how many symbols will be written at most */
  begin(memory: Memory, room: number): State;
  /** One symbol further; states have one shape throughout, so that a step is recorded once. @param symbols int32 [rows] @returns logits [rows, V] and the next state, none of whose tensors is one of the old */
  step(symbols: tf.Tensor1D, state: State, memory: Memory): { readonly logits: tf.Tensor2D; readonly state: State };
}

/** A model that reads a text and writes a target, symbol by symbol: trained by `forward`, searched step by step. */
export interface SequenceModel<Memory extends Rows = Rows, State extends Rows = Rows>
  extends Module, StepwiseModel<Memory, State> {
  /** The logits of every step, given the right symbols before it: [B, L, V]. */
  forward(batch: TeacherForcedBatch, mode?: ForwardMode): tf.Tensor3D;
  /** How much every step looks at every source symbol: [B, L, S]; undefined where the model has no attention. The caller disposes it. */
  align(batch: TeacherForcedBatch): tf.Tensor3D | undefined;
}
