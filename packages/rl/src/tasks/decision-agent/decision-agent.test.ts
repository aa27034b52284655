import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { afterEach, describe, expect, it } from 'vitest';
import { cartPole } from '../../environments/classic-control/cart-pole.ts';
import { defineEnvironment } from '../../environments/define-environment.ts';
import { pendulum } from '../../environments/classic-control/pendulum.ts';
import { box, discrete } from '../../spaces/space.ts';
import { randomTrajectories, type TrajectorySet } from '../../trajectories/trajectory.ts';
import { returnsToGo } from '../../trajectories/trajectory-windows.ts';
import type { DecisionAgentConfig, DecisionInput } from './decision-agent-config.ts';
import { DecisionAgent } from './decision-agent.ts';

const made: DecisionAgent[] = [];
const create = (change: Partial<DecisionAgentConfig> = {}) => {
  const sizes = { modelWidth: 16, layers: 1, contextLength: 4, maximumSteps: 8, dropout: 0, seed: 3 };
  const agent = new DecisionAgent({ ...sizes, ...change });
  made.push(agent);
  return agent;
};
afterEach(() => made.splice(0).forEach((agent) => agent.dispose()));

/** Two steps, of which the second pays its action: 0 or 1. What is paid is what was done. */
const paying = () =>
  defineEnvironment<number, Float32Array, number>({
    name: 'Paying',
    observationSpace: box([1], { low: 0, high: 2 }),
    actionSpace: discrete(2),
    start: () => 0,
    observe: (time) => Float32Array.of(time),
    advance: (time, action) => {
      const last = time === 1;
      return {
        state: time + 1,
        reward: last ? action : 0,
        terminated: last,
        info: last ? { success: action === 1 } : {},
      };
    },
  });
const recorded = randomTrajectories(paying, { episodes: 64, seed: 5 });
const inputs: DecisionInput[] = [
  { observations: [Float32Array.of(0)], actions: [], returnsToGo: [1] },
  { observations: [Float32Array.of(0), Float32Array.of(1)], actions: [1], returnsToGo: [0, 0] },
  { observations: [Float32Array.of(0), Float32Array.of(1)], actions: [0], returnsToGo: [1, 1] },
];

describeTaskContract('DecisionAgent', {
  create,
  untrained: create,
  load: (folder) => DecisionAgent.load(folder),
  folder: memoryFolder,
  fit: (agent, options) => agent.fit(recorded, { batchSize: 16, ...options }),
  fitBadly: (agent) => agent.fit({ ...recorded, trajectories: [{ observations: [], actions: [], rewards: [] }] }),
  inputs,
  predict: (agent, given, options) => agent.actAll(given, options),
  outcome: ({ action, probabilities }) => ({ exact: action, numbers: probabilities! }),
});

describe('DecisionAgent', () => {
  it('does what led to the return that is wanted; one that does not read it does what was done', async () => {
    const trained = async (returnConditioned: boolean) => {
      const agent = create({ returnConditioned });
      await agent.fit(recorded, { epochs: 40, batchSize: 16, learningRate: 0.005 });
      return agent;
    };
    const agent = await trained(true);
    const options = { episodes: 20, mode: 'greedy' } as const;
    expect(await agent.evaluate(paying, { ...options, targetReturn: 1 })).toMatchObject({
      meanReturn: 1,
      successRate: 1,
    });
    expect(await agent.evaluate(paying, { ...options, targetReturn: 0 })).toMatchObject({
      meanReturn: 0,
      successRate: 0,
    });
    const cloning = await trained(false);
    const [, { probabilities }] = await cloning.actAll(inputs);
    // of 64 random actions; ± four deviations of the share
    expect(Math.abs(probabilities![1] - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 64));
  });

  it('learns from the best episodes alone where it is told to', async () => {
    const agent = create({ returnConditioned: false });
    await agent.fit(recorded, { fraction: 0.25, epochs: 40, batchSize: 16, learningRate: 0.005 });
    expect((await agent.evaluate(paying, { episodes: 10, mode: 'greedy', targetReturn: 0 })).meanReturn).toBe(1);
  });

  it('acts with numbers within their bounds', async () => {
    const agent = create({ maximumSteps: 200 });
    await agent.fit(
      randomTrajectories(() => pendulum(), { episodes: 2 }),
      { steps: 2, batchSize: 2 },
    );
    const { action } = await agent.act({ observations: [Float32Array.of(1, 0, 0)], actions: [], returnsToGo: [0] });
    expect(Math.abs((action as Float32Array)[0])).toBeLessThanOrEqual(2);
  });

  it('sums what is still to come', () => {
    expect(returnsToGo([1, 0, 2, -1])).toEqual([2, 1, 1, -1]);
  });

  it('names the rule and the value of bad input', async () => {
    const fit = (change: Partial<TrajectorySet>) => create().fit({ ...recorded, ...change }, { steps: 1 });
    const [one] = recorded.trajectories;
    await expect(fit({ trajectories: [] })).rejects.toThrow(
      'DecisionAgent.fit: at least one trajectory is needed, got none',
    );
    await expect(fit({ trajectories: [one, { ...one, rewards: [0] }] })).rejects.toThrow('got 2, 2, 1 in trajectory 1');
    await expect(fit({ trajectories: [{ ...one, actions: [0, 2] }] })).rejects.toThrow(
      'action must be an integer from 0 to 1, got 2 (trajectory 0, step 1)',
    );
    await expect(fit({ trajectories: [{ ...one, rewards: [0, Number.NaN] }] })).rejects.toThrow(
      'reward must be a finite number, got NaN',
    );
    const long = create({ maximumSteps: 1 });
    await expect(long.fit(recorded)).rejects.toThrow('at most maximumSteps=1 steps, got 2');
    const agent = create();
    await expect(agent.fit(recorded, { fraction: 0 })).rejects.toThrow('fraction must be in (0, 1], got 0');
    await agent.fit(recorded, { steps: 1 });
    await expect(agent.act({ ...inputs[0], actions: [1] })).rejects.toThrow(
      'one action less, got 1 observations, 1 actions, 1 returns',
    );
    await expect(agent.evaluate(() => cartPole(), { targetReturn: 1 })).rejects.toThrow('observations must be of');
    expect(() => randomTrajectories(paying, { episodes: 0 })).toThrow('episodes must be a positive integer, got 0');
  });
});
