import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { actionDistribution } from '../distributions/action-distribution.ts';
import type { Memory, Policy } from './policy.ts';

type Segments = {
  readonly observations: tf.Tensor3D;
  readonly starts: tf.Tensor2D;
  readonly [memory: string]: tf.Tensor;
};

/** Three environments, five steps, episodes that begin in the middle. */
const STARTS = [
  [0, 0, 0, 0, 0],
  [0, 0, 1, 0, 0],
  [1, 0, 0, 0, 1],
];
const distribution = actionDistribution({ kind: 'categorical', size: 2 });

/** The tests of a policy with a memory: the model's contract, and that acting step by step gives what a segment gives. */
export function describePolicy<Config, P extends Policy>(
  name: string,
  config: Config,
  create: (config: Config, seed: number) => P,
  withoutGradient?: (name: string) => boolean,
): void {
  const segments = (): Segments => {
    const policy = create(config, 1);
    const memory = Object.entries(policy.memoryShapes).map(([part, shape], i) => {
      const filled = tf.tile(
        tf.expandDims(tf.tensor1d([0, ...Array<number>(policy.memorySlots).fill(1)].slice(0, policy.memorySlots)), 0),
        [3, 1],
      );
      return [part, part === 'filled' ? filled : tf.randomNormal([3, ...shape], 0, 0.5, 'float32', i + 5)] as const;
    });
    policy.dispose();
    return {
      observations: tf.randomNormal([3, 5, 2], 0, 1, 'float32', 3) as tf.Tensor3D,
      starts: tf.tensor2d(STARTS),
      ...Object.fromEntries(memory),
    };
  };
  const segmentOf = (policy: P, { observations, starts, ...memory }: Segments) =>
    policy.segment({ observations, starts, memory: memory as Memory });

  describeModelContract(name, {
    config,
    create,
    batch: segments,
    forward: (policy, batch) => {
      const { parameters, values } = segmentOf(policy, batch);
      return tf.reshape(tf.concat([parameters, tf.expandDims(values, 1)], 1), [batch.observations.shape[0], 5, 3]);
    },
    outputShape: [3, 5, 3],
    loss: (policy, batch) =>
      tf.tidy(() => {
        const { parameters, values } = segmentOf(policy, batch);
        const wanted = tf.tensor1d([0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0]);
        const likely = tf.mean(distribution.logProbability(parameters, tf.expandDims(wanted, 1) as tf.Tensor2D));
        return tf.sub(tf.mean(tf.squaredDifference(values, wanted)), likely) as tf.Scalar;
      }),
    overfit: { learningRate: 0.05, steps: 60, lossBelow: 0.5 },
    ...(withoutGradient && { withoutGradient }),
  });

  it(`${name} gives step by step what it gives for a segment, from a memory that is not empty, over beginnings of episodes`, () => {
    const policy = create(config, 1);
    const batch = segments();
    const { parameters, values } = segmentOf(policy, batch);
    const { observations, starts, ...first } = batch;
    let memory = first as Memory;
    const steps = tf.unstack(observations, 1).map((seen, t) => {
      const begin = tf.squeeze(tf.slice(starts, [0, t], [-1, 1]), [1]) as tf.Tensor1D;
      const step = policy.step({ observations: seen as tf.Tensor2D, starts: begin, memory });
      memory = step.memory;
      return step;
    });
    const stacked = (part: 'parameters' | 'values') =>
      tf.stack(
        steps.map((step) => step[part] as tf.Tensor),
        1,
      ); // [B, T, …]
    const within = { absolute: 1e-5, relative: 1e-5 };
    expect(tf.reshape(stacked('parameters'), parameters.shape)).toBeAllClose(parameters, within);
    expect(tf.reshape(stacked('values'), values.shape)).toBeAllClose(values, within);
    policy.dispose();
  });

  it(`${name} knows nothing of the episode before`, () => {
    const policy = create(config, 1);
    const batch = segments();
    const last = (of: Segments) => tf.slice(tf.reshape(segmentOf(policy, of).values, [3, 5]), [1, 2], [2, 3]);
    // Other memory, and other steps before the third environment's and second's beginnings.
    const front = tf.tensor(STARTS.map((row) => row.map((_, t) => Number(t < 2)))); // [B, T]
    const changed = Object.fromEntries(
      Object.entries(batch).map(([part, tensor]) => [
        part,
        part in policy.memoryShapes && part !== 'filled' ? tf.add(tensor, 1) : tensor,
      ]),
    ) as Segments;
    const observations = tf.add(batch.observations, tf.mul(tf.expandDims(front, 2), 3)) as tf.Tensor3D;
    const second = (tensor: tf.Tensor) => tf.slice(tensor, [0, 0], [1, 3]);
    expect(second(last({ ...changed, observations }))).toBeAllClose(second(last(batch)), {
      absolute: 1e-5,
      relative: 1e-5,
    });
    expect(last({ ...changed, observations })).not.toBeAllClose(last(batch), { absolute: 1e-5, relative: 0 }); // the third goes on
    policy.dispose();
  });
}
