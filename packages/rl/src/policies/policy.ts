import { Module } from '@heed/attention-core';
import type * as tf from '@tensorflow/tfjs';
import type { ObservationNormaliser } from '../layers/observation-normaliser.ts';

/** What a policy remembers: tensors [B, ...] by name. Policies without a memory have none. */
export type Memory = Readonly<Record<string, tf.Tensor>>;

/** One step of B environments. */
export interface StepInputs {
  /** [B, O] */
  readonly observations: tf.Tensor2D;
  /** [B]: 1 where an episode begins with this step, and what was before is forgotten. */
  readonly starts: tf.Tensor1D;
  readonly memory: Memory;
  /** [B, S]: 1 for the slots of an attending memory that may be looked at. Default: all that are filled. */
  readonly visible?: tf.Tensor2D | undefined;
}

export interface StepOutputs {
  /** [B, P]: of the actions' distribution. */
  readonly parameters: tf.Tensor2D;
  /** [B]: the return that is expected. */
  readonly values: tf.Tensor1D;
  readonly memory: Memory;
}

/** T steps of B environments, with the memory before the first of them. */
export interface SegmentInputs {
  /** [B, T, O] */
  readonly observations: tf.Tensor3D;
  /** [B, T] */
  readonly starts: tf.Tensor2D;
  readonly memory: Memory;
}

export interface SegmentOutputs {
  /** [B · T, P] */
  readonly parameters: tf.Tensor2D;
  /** [B · T] */
  readonly values: tf.Tensor1D;
}

/**
 * From observations to the parameters of actions and the value of where they are: step by step while acting, segment by segment while learning. Both
 * give the same numbers for the same weights.
 */
export abstract class Policy extends Module {
  abstract readonly normaliser: ObservationNormaliser | undefined;
  /** Shapes of what is remembered of one environment, by name. */
  abstract readonly memoryShapes: Readonly<Record<string, readonly number[]>>;
  /** Number of slots of a memory that is attended to; 0 for others. */
  abstract readonly memorySlots: number;
  abstract step(inputs: StepInputs): StepOutputs;
  abstract segment(inputs: SegmentInputs): SegmentOutputs;
}
