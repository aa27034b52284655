import { describeTaskContract } from '@heed/testing';
import { memoryFolder } from '@heed/training';
import { afterEach, describe, expect, it } from 'vitest';
import { cartPole } from '../../environments/classic-control/cart-pole.ts';
import { pendulum } from '../../environments/classic-control/pendulum.ts';
import { defineEnvironment } from '../../environments/define-environment.ts';
import { box, discrete } from '../../spaces/space.ts';
import { passiveTMaze } from '../../environments/passive-t-maze.ts';
import { timeLimit } from '../../wrappers/time-limit.ts';
import type { PpoAgentOptions, PpoFitOptions } from './ppo-agent-config.ts';
import { PpoAgent } from './ppo-agent.ts';

const made: PpoAgent[] = [];
const create = (change: PpoAgentOptions = {}) => {
  const sizes = 'architecture' in change ? {} : { widths: [8] };
  const agent = new PpoAgent({ ...sizes, seed: 3, ...change } as PpoAgentOptions);
  made.push(agent);
  return agent;
};
afterEach(() => made.splice(0).forEach((agent) => agent.dispose()));

/** Two batches a rollout, two passes: four updates. */
const small: PpoFitOptions = { environments: 2, rolloutSteps: 16, batchSize: 16, passes: 2, learningRate: 1e-3 };
/** The action that was shown pays 1; three steps an episode, and only the last observation can be seen. */
const copying = () =>
  timeLimit(
    defineEnvironment<number, Float32Array, number>({
      name: 'Copying',
      observationSpace: box([1], { low: -1, high: 1 }),
      actionSpace: discrete(2),
      start: (random) => random.integer(2),
      observe: (cue) => Float32Array.of(2 * cue - 1),
      advance: (cue, action, random) => ({ state: random.integer(2), reward: Number(action === cue) }),
    }),
    3,
  );
const states = [0, 0.02, -0.1, 0.15].map((angle) => Float32Array.of(0, 0.1, angle, -0.2));

describeTaskContract('PpoAgent', {
  create: () => create({ normaliseObservations: true }),
  untrained: () => create(),
  load: (folder) => PpoAgent.load(folder),
  folder: memoryFolder,
  fit: (agent, options) => agent.fit(() => cartPole(), { ...small, normaliseRewards: true, ...options }),
  fitBadly: (agent) => agent.fit(() => cartPole(), { ...small, rolloutSteps: 15 }),
  inputs: states.map((state) => ({ observations: [state] })),
  predict: (agent, inputs, options) => agent.actAll(inputs, options),
  outcome: ({ action, probabilities, value }) => ({ exact: action, numbers: [...probabilities!, value] }),
  tolerance: 1e-5, // values, not probabilities
});

// an environment whose end falls inside segments
const remembering = { gtrxl: { modelWidth: 8, heads: 2, layers: 1, memoryLength: 3 }, lstm: { hiddenWidth: 8 } };
describe.each(['gtrxl', 'lstm'] as const)('with architecture %s', (architecture) => {
  const config = { architecture, ...remembering[architecture] } as PpoAgentOptions;
  const histories = [[0], [0, 1, 2], [3, 2, 1, 0, 1]];
  describeTaskContract('PpoAgent', {
    create: () => create(config),
    untrained: () => create(config),
    load: (folder) => PpoAgent.load(folder),
    folder: memoryFolder,
    fit: (agent, options) => agent.fit(() => passiveTMaze({ length: 3 }), { ...small, segmentLength: 8, ...options }),
    fitBadly: (agent) => agent.fit(() => passiveTMaze({ length: 3 }), { ...small, segmentLength: 3 }),
    inputs: histories.map((history) => ({
      observations: history.map((seen) => Float32Array.of(Number(seen > 1), seen === 0 ? 1 : 0)),
    })),
    predict: (agent, inputs, options) => agent.actAll(inputs, options),
    outcome: ({ action, probabilities, value }) => ({ exact: action, numbers: [...probabilities!, value] }),
    tolerance: 1e-5, // values, not probabilities
  });
});

describe('PpoAgent with a memory', () => {
  /** Shown 1 or −1 at first, then 0: the second action pays where it is the one shown. */
  const recalling = () =>
    defineEnvironment<{ cue: number; time: number }, Float32Array, number>({
      name: 'Recalling',
      observationSpace: box([1], { low: -1, high: 1 }),
      actionSpace: discrete(2),
      start: (random) => ({ cue: random.integer(2), time: 0 }),
      observe: ({ cue, time }) => Float32Array.of(time === 0 ? 2 * cue - 1 : 0),
      advance: ({ cue, time }, action) => {
        const success = time === 1 && action === cue;
        return { state: { cue, time: time + 1 }, reward: Number(success), terminated: time === 1, info: { success } };
      },
    });
  const fit: PpoFitOptions = {
    environments: 8,
    rolloutSteps: 16,
    batchSize: 64,
    learningRate: 0.01,
    environmentSteps: 5120,
  };

  it('remembers what it saw, looks at it, and fails where it may not', async () => {
    const agent = create({ architecture: 'gtrxl', modelWidth: 16, heads: 1, layers: 1, memoryLength: 4 });
    await agent.fit(recalling, fit);
    const successRate = async (hide?: (time: number) => number[]) =>
      (await agent.evaluate(recalling, { episodes: 100, ...(hide && { hide }) })).successRate!;
    expect(await successRate()).toBe(1);
    const hidden = await successRate((time) => (time === 1 ? [0] : []));
    expect(hidden).toBeGreaterThan(0.3); // half of them, ± four deviations of .05
    expect(hidden).toBeLessThan(0.7);
    const cue = [Float32Array.of(1), Float32Array.of(0)];
    const { action, attention } = await agent.act(cue, { attention: true });
    expect(action).toBe(1);
    expect((await agent.act([Float32Array.of(-1), Float32Array.of(0)])).action).toBe(0);
    expect(attention!.map(({ name, rows, columns }) => [name, rows, columns])).toEqual([
      ['layer 1', ['0', '1'], ['0', '1']],
    ]);
    const [first, second] = attention![0].weights;
    expect(first).toEqual([1, 0]); // nothing came before, nothing is seen of what comes
    expect(second[0]).toBeGreaterThan(0);
  });

  it('is what makes the difference: an agent that has none finds it half of the time', async () => {
    const agent = create({ widths: [16] });
    await agent.fit(recalling, fit);
    const { successRate } = await agent.evaluate(recalling, { episodes: 100 });
    expect(successRate).toBeGreaterThan(0.3);
    expect(successRate).toBeLessThan(0.7);
  });
});

describe('PpoAgent', () => {
  it('learns which action pays', async () => {
    const agent = create({ widths: [16] });
    const options = { environments: 4, rolloutSteps: 32, batchSize: 64, learningRate: 0.01, environmentSteps: 4096 };
    const { episodes, losses } = await agent.fit(copying, options);
    expect(losses.length).toBe(32 * 8);
    expect(episodes.length).toBe(Math.floor(1024 / 3) * 4);
    expect((await agent.evaluate(copying, { episodes: 30 })).meanReturn).toBeGreaterThan(2.9);
    const { action, probabilities, value } = await agent.act([Float32Array.of(1)]);
    expect(action).toBe(1);
    expect(probabilities![1]).toBeGreaterThan(0.9);
    expect(Number.isFinite(value)).toBe(true);
  });

  it('acts with numbers within their bounds', async () => {
    const agent = create();
    await agent.fit(() => pendulum(), { ...small, steps: 4 });
    const { action, probabilities } = await agent.act([Float32Array.of(1, 0, 8)]);
    expect(probabilities).toBeUndefined();
    expect(Math.abs((action as Float32Array)[0])).toBeLessThanOrEqual(2);
    const { lengths } = await agent.evaluate(() => pendulum(), { episodes: 2, mode: 'sampled' });
    expect(lengths).toEqual([200, 200]);
  });

  it('goes on exactly where it was stopped while it acted, between two updates', async () => {
    const options = { ...small, epochs: 4 };
    const whole = create({ normaliseObservations: true });
    const { losses } = await whole.fit(() => cartPole(), options);
    const checkpoints = memoryFolder();
    const controller = new AbortController();
    let calls = 0;
    // aborted in the middle of the third rollout
    const interrupting = () => {
      const inner = cartPole();
      return {
        ...inner,
        reset: (request?: object) => inner.reset(request),
        step: (action: number) => {
          if (++calls === 2 * 32 + 11) controller.abort();
          return inner.step(action);
        },
      };
    };
    const stopped = create({ normaliseObservations: true });
    const { signal } = controller;
    expect(await stopped.fit(interrupting, { ...options, checkpoints, signal })).toMatchObject({
      reason: 'aborted',
      steps: 8,
    });
    const resumed = create({ normaliseObservations: true });
    const rest = await resumed.fit(() => cartPole(), { ...options, checkpoints });
    expect(rest.losses).toEqual(losses);
    for (const [name, tensor] of Object.entries(whole.model.stateDict())) {
      expect(resumed.model.stateDict()[name]).toBeAllClose(tensor, { absolute: 0, relative: 0 });
    }
  });

  it('bootstraps where the limit cut an episode, not where the task was over', async () => {
    // Every step pays 1 and nothing can be done: without an end the return is 1 / (1 − γ) = 2, with one after each step 1.
    const paying = (terminated: boolean) => () => {
      const endless = defineEnvironment<number, number, number>({
        name: 'Paying',
        observationSpace: discrete(1),
        actionSpace: discrete(2),
        start: () => 0,
        observe: () => 0,
        advance: () => ({ state: 0, reward: 1, terminated }),
      });
      return terminated ? endless : timeLimit(endless, 1);
    };
    const valueOf = async (terminated: boolean, bootstrapTruncated = true) => {
      const agent = create();
      const options = {
        discount: 0.5,
        learningRate: 0.02,
        epochs: 60,
        schedule: 'constant',
        bootstrapTruncated,
      } as const;
      await agent.fit(paying(terminated), { ...small, ...options, clipValues: false });
      return (await agent.act([0])).value;
    };
    expect(await valueOf(false)).toBeCloseTo(2, 1);
    expect(await valueOf(true)).toBeCloseTo(1, 1);
    expect(await valueOf(false, false)).toBeCloseTo(1, 1);
  });

  it('never takes a masked action', async () => {
    const masked = () =>
      timeLimit(
        defineEnvironment<number, number, number>({
          name: 'Masked',
          observationSpace: discrete(3),
          actionSpace: discrete(3),
          start: () => 0,
          observe: (state) => state,
          advance: (state, action) => ({ state: (state + 1) % 3, reward: action }), // action 2 would pay most
          actionMask: (state) => Uint8Array.of(1, Number(state > 0), 0),
        }),
        6,
      );
    const agent = create();
    await agent.fit(masked, { ...small, steps: 8 }); // a masked action would throw
    const { action, probabilities } = await agent.act([1], { actionMask: Uint8Array.of(1, 0, 0) });
    expect([action, probabilities]).toEqual([0, [1, 0, 0]]);
    expect((await agent.evaluate(masked, { episodes: 2 })).lengths).toEqual([6, 6]);
  });

  it('keeps the scales of observations as they are after fit', async () => {
    const agent = create({ normaliseObservations: true });
    await agent.fit(() => cartPole(), { ...small, epochs: 2 });
    const scales = () => [...agent.model.normaliser!.mean.dataSync(), ...agent.model.normaliser!.variance.dataSync()];
    const before = scales();
    expect(before.slice(0, 4)).not.toEqual([0, 0, 0, 0]);
    const first = await agent.evaluate(() => cartPole(), { episodes: 3 });
    await agent.act([states[0]]);
    expect(scales()).toEqual(before);
    expect(await agent.evaluate(() => cartPole(), { episodes: 3 })).toEqual(first); // and so the same again
  });

  it('names the rule and the value of bad input', async () => {
    expect(() => create({ widths: [0] })).toThrow('PpoAgent: widths.0');
    const agent = create();
    const refused = (options: PpoFitOptions) => agent.fit(() => cartPole(), { ...small, ...options });
    await expect(refused({ rolloutSteps: 0 })).rejects.toThrow('PpoAgent.fit: rolloutSteps: ');
    await expect(refused({ environmentSteps: 0 })).rejects.toThrow('PpoAgent.fit: environmentSteps: ');
    await expect(refused({ environmentSteps: 64, steps: 3 })).rejects.toThrow(
      'environmentSteps, epochs or steps must be given',
    );
    await expect(refused({ batchSize: 12 })).rejects.toThrow(
      'environments × rolloutSteps must be a multiple of batchSize, got 32 and 12',
    );
    const broken = (reward: number) => () => {
      const inner = cartPole();
      return { ...inner, reset: () => inner.reset(), step: (action: number) => ({ ...inner.step(action), reward }) };
    };
    await expect(agent.fit(broken(Number.NaN), small)).rejects.toThrow(
      'CartPole.step: reward must be a finite number, got NaN',
    );
    await expect(agent.act([states[0]])).rejects.toThrow('not trained'); // nothing stays of it
    await agent.fit(() => cartPole(), { ...small, steps: 1 });
    const other = "PpoAgent.fit: observations must be of the agent's space box [4], got box [3]";
    await expect(agent.fit(() => pendulum(), small)).rejects.toThrow(other);
    await expect(agent.evaluate(() => pendulum())).rejects.toThrow('PpoAgent.evaluate: observations must be of');
    await expect(agent.evaluate(() => cartPole(), { episodes: 0 })).rejects.toThrow(
      'episodes must be a positive integer, got 0',
    );
    await expect(agent.evaluate(() => cartPole(), { hide: () => [0] })).rejects.toThrow('hide needs a memory');
    await expect(agent.act([])).rejects.toThrow('an episode must have an observation, got none in episode 0');
    await expect(agent.act([Float32Array.of(1)])).rejects.toThrow('observation must be 4 numbers of shape [4]');
  });

  it('refuses a checkpoint of other spaces or settings', async () => {
    const checkpoints = memoryFolder();
    await create().fit(() => cartPole(), { ...small, steps: 2, checkpoints });
    await expect(create().fit(() => pendulum(), { ...small, steps: 2, checkpoints })).rejects.toThrow(
      'must be of the same config',
    );
    const changed = { ...small, steps: 2, checkpoints, discount: 0.5 };
    await expect(create().fit(() => cartPole(), changed)).rejects.toThrow(
      'must be of the same config: config.settings.discount was 0.99, is now 0.5',
    );
  });
});
