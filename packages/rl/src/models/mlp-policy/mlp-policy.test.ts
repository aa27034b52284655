import { describeModelContract } from '@heed/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { actionDistribution } from '../../distributions/action-distribution.ts';
import { createMlpPolicy, type MlpPolicy, type MlpPolicyConfig } from './mlp-policy.ts';

const config: MlpPolicyConfig = {
  observationSize: 3,
  actions: { kind: 'categorical', size: 2 },
  widths: [16, 16],
  normaliseObservations: false,
};
type Observed = { readonly observations: tf.Tensor2D };
const batch = (): Observed => ({ observations: tf.tensor2d([1, 0, -1, 0.5, 2, 1, -1, 1, 0], [3, 3]) });
const outputs = (policy: MlpPolicy, { observations }: Observed) => {
  const { parameters, values } = policy.step({ observations, starts: tf.ones([observations.shape[0]]), memory: {} });
  return { parameters, values };
};

describe.each(['categorical', 'gaussian'] as const)('with %s actions', (kind) => {
  const actions = { kind, size: 2 };
  const distribution = actionDistribution(actions);
  const wanted = kind === 'categorical' ? tf.tensor2d([[0], [1], [0]]) : tf.tensor2d([1, -1, 0, 1, 0.5, -0.5], [3, 2]);
  describeModelContract('MlpPolicy', {
    config: { ...config, actions },
    create: createMlpPolicy,
    batch,
    forward: (policy, given) => {
      const { parameters, values } = outputs(policy, given);
      return tf.concat([parameters, tf.expandDims(values, 1)], 1);
    },
    outputShape: [3, kind === 'categorical' ? 3 : 5],
    loss: (policy, given) =>
      tf.tidy(() => {
        const { parameters, values } = outputs(policy, given);
        const error = tf.mean(tf.squaredDifference(values, [1, 2, 3]));
        return tf.sub(error, tf.mean(distribution.logProbability(parameters, wanted))) as tf.Scalar;
      }),
    overfit: kind === 'gaussian' ? { lossBelow: 0.5 } : {}, // densities have no least loss
  });
});

describe('MlpPolicy', () => {
  it('begins with orthogonal layers, of gain √2 inside, 0.01 at the actions and 1 at the value', () => {
    const policy = createMlpPolicy(config, 1);
    const gram = (weight: tf.Tensor2D) =>
      tf.matMul(weight, weight, weight.shape[0] >= weight.shape[1]!, weight.shape[0] < weight.shape[1]!);
    for (const [weight, gain] of [
      [policy.actor.layers[0].weight, Math.SQRT2],
      [policy.critic.layers[1].weight, Math.SQRT2],
      [policy.action.output.weight, 0.01],
      [policy.value.weight, 1],
    ] as const) {
      const product = gram(weight);
      expect(product).toBeAllClose(tf.mul(tf.eye(product.shape[0]), gain ** 2), { absolute: 1e-5 });
    }
    expect(Math.max(...policy.value.bias!.dataSync())).toBe(0);
    policy.dispose();
  });

  it('scales observations by what it was told, which is saved but never trained', () => {
    const policy = createMlpPolicy({ ...config, normaliseObservations: true }, 1);
    const plain = createMlpPolicy(config, 1);
    policy.normaliser!.set({ mean: [1, 2, 3], variance: [4, 1, 0.25], count: 9 });
    const seen = tf.tensor2d([[3, 2, 3.5]]);
    const scaled = tf.tensor2d([[1, 0, 1]]); // (3 − 1)/2, 0, .5/.5
    const [one, other] = [outputs(policy, { observations: seen }), outputs(plain, { observations: scaled })];
    expect(one.parameters).toBeAllClose(other.parameters);
    expect(one.values).toBeAllClose(other.values);
    expect(Object.keys(policy.stateDict())).toContain('normaliser.mean');
    expect(policy.trainableParameters().some(({ name }) => name.startsWith('normaliser'))).toBe(false);
    policy.dispose();
    plain.dispose();
  });

  it('refuses widths that there are not', () => {
    expect(() => createMlpPolicy({ ...config, widths: [] }, 1)).toThrow('MlpPolicy: widths');
  });
});
