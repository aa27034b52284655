/**
 * A policy that remembers in the state of a GRU or an LSTM: a layer with tanh, the recurrent cell, heads for actions and value. Where an episode begins, the
 * state begins again, inside a segment too.
 */
import { GruCell, LstmCell, Random, type Linear } from '@heed/attention-core';
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
  type Memory,
  type SegmentInputs,
  type SegmentOutputs,
  type StepInputs,
  type StepOutputs,
} from '../../policies/policy.ts';

/** JSON, and enough to make the model again. */
export interface RecurrentPolicyConfig {
  readonly cell: 'gru' | 'lstm';
  /** O: numbers of an observation. */
  readonly observationSize: number;
  readonly actions: ActionKind;
  /** H: width of the state and of the layer before it. */
  readonly hiddenWidth: number;
  readonly normaliseObservations: boolean;
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  cell: z.enum(['gru', 'lstm']),
  observationSize: count,
  actions: z.strictObject({ kind: z.enum(['categorical', 'gaussian']), size: count }),
  hiddenWidth: count,
  normaliseObservations: z.boolean(),
});

export class RecurrentPolicy extends Policy {
  readonly config: Readonly<RecurrentPolicyConfig>;
  readonly normaliser: ObservationNormaliser | undefined;
  readonly encoder: Perceptron;
  readonly cell: GruCell | LstmCell;
  readonly action: ActionHead;
  readonly value: Linear;
  readonly memoryShapes: Policy['memoryShapes'];
  readonly memorySlots = 0;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: RecurrentPolicyConfig, random: Random) {
    super();
    this.config = parseConfig('RecurrentPolicy', schema, config);
    const { cell, observationSize: inputs, actions, hiddenWidth, normaliseObservations } = this.config;
    this.normaliser = normaliseObservations ? new ObservationNormaliser(inputs) : undefined;
    this.encoder = new Perceptron({ inputs, widths: [hiddenWidth], random });
    const sizes = { inputs: hiddenWidth, hiddenWidth, random };
    this.cell = cell === 'gru' ? new GruCell(sizes) : new LstmCell(sizes);
    this.action = new ActionHead({ inputs: hiddenWidth, actions, random });
    this.value = orthogonalLinear({ inputs: hiddenWidth, outputs: 1, gain: 1, random });
    this.memoryShapes = Object.fromEntries(this.stateNames().map((name) => [name, [hiddenWidth]]));
  }

  /** The memory: the state's tensors [B, H]. */
  step({ observations, starts, memory }: StepInputs): StepOutputs {
    const projected = this.cell.project(this.encode(observations));
    const state = this.cell.step(projected, kept(this.stateOf(memory), starts));
    const next: Memory = Object.fromEntries(this.stateNames().map((name, i) => [name, state[i]]));
    return { ...this.decide(state[0]), memory: next };
  }

  segment({ observations, starts, memory }: SegmentInputs): SegmentOutputs {
    const { observationSize, hiddenWidth } = this.config;
    const [batch, length] = observations.shape;
    const encoded = this.encode(tf.reshape(observations, [-1, observationSize])); // [B · T, H]
    const projected = tf.unstack(tf.reshape(this.cell.project(encoded), [batch, length, -1]), 1); // T × [B, gates · H]
    const begins = tf.unstack(starts, 1); // T × [B]
    let state = this.stateOf(memory, batch);
    const outputs = projected.map((input, t) => {
      state = this.cell.step(input, kept(state, begins[t] as tf.Tensor1D));
      return state[0];
    });
    return this.decide(tf.reshape(tf.stack(outputs, 1), [-1, hiddenWidth])); // [B · T, H]
  }

  private stateNames(): string[] {
    return Array.from({ length: this.cell.stateSize }, (_, i) => `state${i}`);
  }

  private stateOf(memory: Memory, batch = 0): tf.Tensor[] {
    return this.stateNames().map((name) => memory[name] ?? tf.zeros([batch, this.config.hiddenWidth]));
  }

  private encode(observations: tf.Tensor2D): tf.Tensor {
    return this.encoder.forward(this.normaliser?.forward(observations) ?? observations);
  }

  /** @param hidden [N, H] */
  private decide(hidden: tf.Tensor): SegmentOutputs {
    return { parameters: this.action.forward(hidden), values: tf.squeeze(this.value.forward(hidden), [1]) };
  }
}

/** A state of which nothing is left where an episode begins. */
function kept(state: readonly tf.Tensor[], starts: tf.Tensor1D): tf.Tensor[] {
  const goesOn = tf.expandDims(tf.sub(1, starts), 1); // [B, 1]
  return state.map((part) => tf.mul(part, goesOn));
}

/** A new policy, the same for the same config and seed. @throws if a field of the config is out of range */
export function createRecurrentPolicy(config: RecurrentPolicyConfig, seed: number): RecurrentPolicy {
  return new RecurrentPolicy(config, new Random(seed));
}
