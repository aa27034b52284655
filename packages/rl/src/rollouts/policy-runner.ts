import { RandomStream, seedKey } from '@heed/attention-core';
import type { Run } from '@heed/tasks';
import type { HostArray } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { maskLogits, type ActionDistribution } from '../distributions/action-distribution.ts';
import type { Memory, Policy } from '../policies/policy.ts';

/** What acting gave, environment by environment. */
export interface Acted {
  /** [N, W] */
  readonly actions: Float32Array;
  /** [N]: log-probabilities of the actions. */
  readonly logProbabilities: Float32Array;
  /** [N] */
  readonly values: Float32Array;
}

/** What N environments show. */
export interface Seen {
  /** [N, O] */
  readonly observations: Float32Array;
  /** [N]: 1 where an episode begins. */
  readonly starts: Float32Array;
  /** [N, actions]: 1 for those that may be taken. */
  readonly masks?: Float32Array | undefined;
  /** [N, slots]: 1 for the slots of memory that may be looked at. */
  readonly visible?: Float32Array | undefined;
}

export interface PolicyRunnerOptions {
  readonly policy: Policy;
  readonly distribution: ActionDistribution;
  /** Runs, and records, the steps. */
  readonly run: Run;
  /** N. */
  readonly count: number;
  readonly seed: number;
  /** Whether the likeliest action is taken instead of a drawn one. */
  readonly greedy: boolean;
}

/** Acts for N environments, step after step, and keeps what is remembered of them. One compiled step draws the actions too. */
export class PolicyRunner {
  private memory: Memory;
  /** Steps done: with the seed it decides what is drawn. */
  private steps = 0;
  private readonly key: tf.Tensor2D;

  constructor(private readonly options: PolicyRunnerOptions) {
    this.memory = this.empty();
    this.key = seedKey(options.seed);
  }

  async act(seen: Seen): Promise<Acted> {
    const { count, distribution, run, greedy } = this.options;
    const { width } = distribution;
    const step = tf.scalar(this.steps++, 'int32');
    const inputs = this.tensors(seen);
    const { packed, memory } = run(
      greedy ? 'greedy step' : 'drawn step',
      this.step,
      inputs,
      this.memory,
      this.key,
      step,
    );
    tf.dispose([step, inputs, this.memory]);
    this.memory = memory;
    const rows = (await packed.data()) as Float32Array; // [N, W + 2]
    packed.dispose();
    const acted = {
      actions: new Float32Array(count * width),
      logProbabilities: new Float32Array(count),
      values: new Float32Array(count),
    };
    for (let row = 0; row < count; row++) {
      const at = row * (width + 2);
      acted.actions.set(rows.subarray(at, at + width), row * width);
      acted.logProbabilities[row] = rows[at + width];
      acted.values[row] = rows[at + width + 1];
    }
    return acted;
  }

  /** Values of observations that come next, without going on to them. */
  async valuesOf(observations: Float32Array, starts: Float32Array): Promise<Float32Array> {
    const inputs = this.tensors({ observations, starts });
    const values = this.options.run('values', this.valuesNext, inputs, this.memory);
    tf.dispose(inputs);
    const numbers = (await values.data()).slice() as Float32Array;
    values.dispose();
    return numbers;
  }

  /** What is remembered, on the host. */
  async remembered(): Promise<Record<string, HostArray>> {
    const arrays: Record<string, HostArray> = {};
    for (const [name, tensor] of Object.entries(this.memory)) {
      arrays[name] = { data: (await tensor.data()).slice() as Float32Array, shape: tensor.shape };
    }
    return arrays;
  }

  /** Where the draws stand. */
  position(): number {
    return this.steps;
  }

  restore(memory: Readonly<Record<string, HostArray>>, position: number): void {
    tf.dispose(this.memory);
    this.memory = Object.fromEntries(
      Object.entries(memory).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape], 'float32')]),
    );
    this.steps = position;
  }

  dispose(): void {
    tf.dispose([this.memory, this.key]);
  }

  private empty(): Memory {
    const { policy, count } = this.options;
    const shapes = Object.entries(policy.memoryShapes);
    return Object.fromEntries(shapes.map(([name, shape]) => [name, tf.zeros([count, ...shape])]));
  }

  private tensors({ observations, starts, masks, visible }: Seen): Inputs {
    const { count, policy, distribution } = this.options;
    return {
      observations: tf.tensor2d(observations, [count, observations.length / count]),
      starts: tf.tensor1d(starts),
      ...(masks && { masks: tf.tensor2d(masks, [count, distribution.parameters]) }),
      ...(visible && { visible: tf.tensor2d(visible, [count, policy.memorySlots]) }),
    };
  }

  private readonly step = ({ masks, ...inputs }: Inputs, memory: Memory, key: tf.Tensor2D, step: tf.Scalar) => {
    const { policy, distribution, greedy } = this.options;
    const outputs = policy.step({ ...inputs, memory });
    const parameters = masks === undefined ? outputs.parameters : maskLogits(outputs.parameters, masks);
    const actions = greedy ? distribution.mode(parameters) : distribution.draw(parameters, new RandomStream(key, step));
    const packed = tf.concat(
      [actions, tf.expandDims(distribution.logProbability(parameters, actions), 1), tf.expandDims(outputs.values, 1)],
      1,
    ); // [N, W + 2]: read in one go
    // a memory that is passed through is the caller's: what is returned must be another tensor
    const kept = Object.entries(outputs.memory).map(([name, tensor]) => [name, tf.add(tensor, 0)]);
    return { packed, memory: Object.fromEntries(kept) as Memory };
  };

  private readonly valuesNext = ({ observations, starts }: Inputs, memory: Memory) =>
    this.options.policy.step({ observations, starts, memory }).values;
}

interface Inputs {
  readonly observations: tf.Tensor2D;
  readonly starts: tf.Tensor1D;
  readonly masks?: tf.Tensor2D;
  readonly visible?: tf.Tensor2D;
  readonly [name: string]: tf.Tensor | undefined;
}
