/**
 * A policy that attends to what it saw before: a gated Transformer-XL under heads for actions and value.
 *
 * - Parisotto et al. 2020, "Stabilizing transformers for reinforcement learning": GTrXL.
 * - Dai et al. 2019, "Transformer-XL": memory, and relative positions.
 *
 * Deviations. A step looks at itself and at most `memoryLength` steps before it, while acting as while learning, so that both give the same numbers; there is
 * nothing to be seen of the episode before. The paper looks further back in long segments.
 */
import { fromTensor, Random, type Linear, type Mask } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ActionKind } from '../../distributions/action-distribution.ts';
import { ActionHead } from '../../layers/action-head.ts';
import { GatedTransformer } from '../../layers/gated-transformer/gated-transformer.ts';
import { ObservationNormaliser } from '../../layers/observation-normaliser.ts';
import { orthogonalLinear } from '../../layers/orthogonal-linear.ts';
import {
  Policy,
  type Memory,
  type SegmentInputs,
  type SegmentOutputs,
  type StepInputs,
  type StepOutputs,
} from '../../policies/policy.ts';

/** JSON, and enough to make the model again. */
export interface GtrxlPolicyConfig {
  /** O: numbers of an observation. */
  readonly observationSize: number;
  readonly actions: ActionKind;
  /** M: even, and a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** S: how many steps before the present one are remembered. */
  readonly memoryLength: number;
  readonly normaliseObservations: boolean;
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  observationSize: count,
  actions: z.strictObject({ kind: z.enum(['categorical', 'gaussian']), size: count }),
  modelWidth: count,
  layers: count,
  heads: count,
  memoryLength: count,
  normaliseObservations: z.boolean(),
});

/** Maps are captured under `layer 1`, `layer 2`, … */
export class GtrxlPolicy extends Policy {
  readonly config: Readonly<GtrxlPolicyConfig>;
  readonly normaliser: ObservationNormaliser | undefined;
  readonly body: GatedTransformer;
  readonly action: ActionHead;
  readonly value: Linear;
  readonly memoryShapes: Policy['memoryShapes'];
  readonly memorySlots: number;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: GtrxlPolicyConfig, random: Random) {
    super();
    this.config = parseConfig('GtrxlPolicy', schema, config);
    const { observationSize: inputs, actions, modelWidth, layers, heads, memoryLength } = this.config;
    this.normaliser = this.config.normaliseObservations ? new ObservationNormaliser(inputs) : undefined;
    this.body = new GatedTransformer({ inputs, modelWidth, heads, layers, random });
    this.action = new ActionHead({ inputs: modelWidth, actions, random });
    this.value = orthogonalLinear({ inputs: modelWidth, outputs: 1, gain: 1, random });
    this.memoryShapes = { entered: [layers, memoryLength, modelWidth], filled: [memoryLength] };
    this.memorySlots = memoryLength;
  }

  /** The memory: `entered` [B, layers, S, M], what went into each layer, the newest step last; `filled` [B, S], 1 where there is a step. */
  step({ observations, starts, memory, visible }: StepInputs): StepOutputs {
    const { memoryLength } = this.config;
    const before = memory.entered as tf.Tensor4D;
    const [batch] = before.shape;
    const filled = tf.mul(memory.filled, tf.sub(1, tf.expandDims(starts, 1))) as tf.Tensor2D; // [B, S]
    const open = visible === undefined ? filled : tf.mul(filled, visible);
    const allowed = tf.concat([open, tf.ones([batch, 1])], 1); // [B, S + 1]
    const mask = fromTensor(tf.cast(tf.expandDims(allowed, 1), 'bool'));
    const x = tf.expandDims(observations, 1) as tf.Tensor3D; // [B, 1, O]
    const { outputs, entered } = this.body.forward({ x: this.seen(x), memory: before, mask });
    const next: Memory = {
      entered: tf.concat([tf.slice(before, [0, 0, 1, 0]), entered], 2),
      filled: tf.slice(tf.concat([filled, tf.ones([batch, 1])], 1), [0, 1], [-1, memoryLength]),
    };
    return { ...this.decide(outputs), memory: next };
  }

  segment({ observations, starts, memory }: SegmentInputs): SegmentOutputs {
    const before = memory.entered as tf.Tensor4D | undefined;
    const mask = this.segmentMask(starts, memory.filled as tf.Tensor2D | undefined);
    const { outputs } = this.body.forward({ x: this.seen(observations), memory: before, mask });
    return this.decide(outputs);
  }

  /** Step t sees the steps of its own episode up to itself, and of the memory those of the episode that goes on; both no further back than S. */
  private segmentMask(starts: tf.Tensor2D, filled: tf.Tensor2D | undefined): Mask {
    const { memoryLength } = this.config;
    const length = starts.shape[1];
    const episode = tf.cumsum(starts, 1); // [B, T]: number of the episode within the segment
    const same = tf.equal(tf.expandDims(episode, 2), tf.expandDims(episode, 1)); // [B, T, T]
    const near = pairs(length, length, (t, s) => s <= t && t - s <= memoryLength);
    const within = tf.logicalAnd(same, near); // [B, T, T]
    if (filled === undefined) return fromTensor(within);
    const goesOn = tf.expandDims(tf.equal(episode, 0), 2); // [B, T, 1]
    const reachable = pairs(length, memoryLength, (t, slot) => slot >= t);
    const remembered = tf.logicalAnd(tf.logicalAnd(goesOn, reachable), tf.greater(tf.expandDims(filled, 1), 0)); // [B, T, S]
    return fromTensor(tf.concat([remembered, within], 2));
  }

  private seen<T extends tf.Tensor>(observations: T): T {
    return (this.normaliser?.forward(observations) as T | undefined) ?? observations;
  }

  /** @param outputs [B, T, M] */
  private decide(outputs: tf.Tensor3D): SegmentOutputs {
    const rows = tf.reshape(outputs, [-1, this.config.modelWidth]); // [B · T, M]
    return { parameters: this.action.forward(rows), values: tf.squeeze(this.value.forward(rows), [1]) };
  }
}

/** A rule over pairs as a tensor, boolean [1, rows, columns]. */
function pairs(rows: number, columns: number, rule: (row: number, column: number) => boolean): tf.Tensor3D {
  const values = Uint8Array.from({ length: rows * columns }, (_, i) =>
    Number(rule(Math.floor(i / columns), i % columns)),
  );
  return tf.tensor3d(values, [1, rows, columns], 'bool');
}

/** A new policy, the same for the same config and seed. @throws if a field of the config is out of range */
export function createGtrxlPolicy(config: GtrxlPolicyConfig, seed: number): GtrxlPolicy {
  return new GtrxlPolicy(config, new Random(seed));
}
