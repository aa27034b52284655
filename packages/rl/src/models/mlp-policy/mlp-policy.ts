/**
 * A policy without memory: two perceptrons side by side, one for actions and one for values.
 *
 * - Schulman et al. 2017, "Proximal policy optimization algorithms": separate networks of two layers of 64 with tanh.
 * - Huang et al. 2022, "The 37 implementation details of proximal policy optimization": orthogonal initial weights, gains √2, 0.01 and 1.
 */
import { Random, type Linear } from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { ActionKind } from '../../distributions/action-distribution.ts';
import { ActionHead } from '../../layers/action-head.ts';
import { ObservationNormaliser } from '../../layers/observation-normaliser.ts';
import { orthogonalLinear } from '../../layers/orthogonal-linear.ts';
import { Perceptron } from '../../layers/perceptron.ts';
import {
  Policy,
  type SegmentInputs,
  type SegmentOutputs,
  type StepInputs,
  type StepOutputs,
} from '../../policies/policy.ts';

/** JSON, and enough to make the model again. */
export interface MlpPolicyConfig {
  /** O: numbers of an observation. */
  readonly observationSize: number;
  readonly actions: ActionKind;
  /** Widths of the hidden layers. */
  readonly widths: readonly number[];
  /** Whether observations are scaled by their running mean and deviation. */
  readonly normaliseObservations: boolean;
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  observationSize: count,
  actions: z.strictObject({ kind: z.enum(['categorical', 'gaussian']), size: count }),
  widths: z.array(count).min(1),
  normaliseObservations: z.boolean(),
});

export class MlpPolicy extends Policy {
  readonly config: Readonly<MlpPolicyConfig>;
  readonly normaliser: ObservationNormaliser | undefined;
  readonly actor: Perceptron;
  readonly critic: Perceptron;
  readonly action: ActionHead;
  readonly value: Linear;
  readonly memoryShapes = {};
  readonly memorySlots = 0;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: MlpPolicyConfig, random: Random) {
    super();
    this.config = parseConfig('MlpPolicy', schema, config);
    const { observationSize: inputs, actions, widths, normaliseObservations } = this.config;
    this.normaliser = normaliseObservations ? new ObservationNormaliser(inputs) : undefined;
    this.actor = new Perceptron({ inputs, widths, random });
    this.critic = new Perceptron({ inputs, widths, random });
    this.action = new ActionHead({ inputs: widths.at(-1)!, actions, random });
    this.value = orthogonalLinear({ inputs: widths.at(-1)!, outputs: 1, gain: 1, random });
  }

  step({ observations, memory }: StepInputs): StepOutputs {
    return { ...this.forward(observations), memory };
  }

  segment({ observations }: SegmentInputs): SegmentOutputs {
    return this.forward(tf.reshape(observations, [-1, this.config.observationSize]));
  }

  private forward(observations: tf.Tensor2D): SegmentOutputs {
    const seen = this.normaliser?.forward(observations) ?? observations;
    const parameters = this.action.forward(this.actor.forward(seen)); // [N, P]
    return { parameters, values: tf.squeeze(this.value.forward(this.critic.forward(seen)), [1]) };
  }
}

/** A new policy, the same for the same config and seed. @throws if a field of the config is out of range */
export function createMlpPolicy(config: MlpPolicyConfig, seed: number): MlpPolicy {
  return new MlpPolicy(config, new Random(seed));
}
