import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cartPole } from '../environments/classic-control/cart-pole.ts';
import { defineEnvironment } from '../environments/define-environment.ts';
import type { Environment } from '../environments/environment.ts';
import { pendulum } from '../environments/classic-control/pendulum.ts';
import { box, discrete } from '../spaces/space.ts';
import { EnvironmentVector } from './environment-vector.ts';

interface Moment {
  readonly observations: number[][];
  readonly rewards?: number[];
  readonly terminated?: number[];
  readonly truncated?: number[];
  readonly final?: (number[] | null)[];
  readonly reset?: number[][];
}

// made by tooling/golden/rl-environments.py with Gymnasium 1.4.0
const golden = JSON.parse(readFileSync(new URL('autoreset.golden.json', import.meta.url), 'utf8')) as Record<
  string,
  Moment[]
>;

/** The environment that the golden values are of. */
function counting(index: number): Environment {
  let episode = -1;
  let count = 0;
  const seen = () => Float32Array.of(episode, count);
  return {
    name: 'Counting',
    observationSpace: box([2], { low: 0, high: 100 }),
    actionSpace: discrete(2),
    reset() {
      episode++;
      count = 0;
      return { observation: seen(), info: {} };
    },
    step(action) {
      count++;
      const over = count === 1 + ((episode + index) % 3);
      const even = episode % 2 === 0;
      const reward = 10 * episode + count + (action as number);
      return { observation: seen(), info: {}, reward, terminated: over && even, truncated: over && !even };
    },
  };
}

const pairs = (values: Float32Array) => [
  [values[0], values[1]],
  [values[2], values[3]],
];
const actionsAt = (step: number) => [step % 2, 1];

describe('EnvironmentVector', () => {
  it("equals Gymnasium's sequence where an episode begins at the next step, and says which steps only reset", () => {
    const vector = new EnvironmentVector(counting, { count: 2 });
    const expected = golden.NextStep;
    expect(pairs(vector.reset().observations)).toEqual(expected[0].observations);
    let over = [0, 0];
    for (const [step, moment] of expected.slice(1).entries()) {
      const { observations, rewards, terminated, truncated, resetOnly } = vector.step(actionsAt(step));
      expect([pairs(observations), [...rewards], [...terminated], [...truncated]]).toEqual([
        moment.observations,
        moment.rewards,
        moment.terminated,
        moment.truncated,
      ]);
      expect([...resetOnly]).toEqual(over);
      over = [0, 1].map((i) => terminated[i] | truncated[i]);
    }
  });

  it("equals Gymnasium's sequence where it begins within the step, with the final observation", () => {
    const vector = new EnvironmentVector(counting, { count: 2, autoreset: 'same-step' });
    const expected = golden.SameStep;
    vector.reset();
    for (const [step, moment] of expected.slice(1).entries()) {
      const { observations, rewards, terminated, truncated, finalObservations } = vector.step(actionsAt(step));
      expect([pairs(observations), [...rewards], [...terminated], [...truncated]]).toEqual([
        moment.observations,
        moment.rewards,
        moment.terminated,
        moment.truncated,
      ]);
      expect(finalObservations.map((final) => (final === undefined ? null : [...final]))).toEqual(moment.final);
    }
  });

  it("equals Gymnasium's sequence where episodes begin when they are told to, and refuses a step before that", () => {
    const vector = new EnvironmentVector(counting, { count: 2, autoreset: 'disabled' });
    vector.reset();
    for (const [step, moment] of golden.Disabled.slice(1).entries()) {
      const { observations, rewards, terminated, truncated } = vector.step(actionsAt(step));
      expect([pairs(observations), [...rewards]]).toEqual([moment.observations, moment.rewards]);
      if (moment.reset === undefined) continue;
      expect(() => vector.step(actionsAt(step))).toThrow('must be reset, got a step after its end');
      const mask = [0, 1].map((i) => terminated[i] | truncated[i]);
      const begun = pairs(vector.reset({ mask }).observations);
      const those = (all: number[][]) => all.filter((_, i) => mask[i] === 1);
      expect(those(begun)).toEqual(those(moment.reset));
    }
  });

  it('gives an environment the same episodes whatever stands beside it', () => {
    const play = (count: number) => {
      const vector = new EnvironmentVector(() => cartPole(), { count, seed: 5, autoreset: 'same-step' });
      const seen = Array.from(vector.reset().observations.slice(0, 4));
      for (let step = 0; step < 60; step++) {
        seen.push(...vector.step(Array<number>(count).fill(1)).observations.slice(0, 4));
      }
      return seen;
    };
    expect(play(3)).toEqual(play(1));
  });

  it.each(['next-step', 'same-step'] as const)('goes on where it was saved (%s)', (autoreset) => {
    const make = () => new EnvironmentVector(() => cartPole(), { count: 2, seed: 9, autoreset });
    const run = (vector: ReturnType<typeof make>, from: number, steps: number) =>
      Array.from({ length: steps }, (_, i) => [...vector.step([(from + i) % 2, 1]).observations]);
    const whole = make();
    whole.reset();
    run(whole, 0, 40);
    const state = JSON.parse(JSON.stringify(whole.save())) as ReturnType<typeof whole.save>;
    const rest = run(whole, 40, 40);
    const resumed = make();
    resumed.load(state);
    expect(run(resumed, 40, 40)).toEqual(rest);
    const swinging = () => new EnvironmentVector(() => pendulum(), { count: 1, seed: 9 });
    const first = swinging();
    first.reset();
    first.step([Float32Array.of(0.3)]);
    const second = swinging();
    second.load(JSON.parse(JSON.stringify(first.save())) as ReturnType<typeof first.save>);
    expect(second.step([Float32Array.of(1)])).toEqual(first.step([Float32Array.of(1)]));
  });

  it('names environment, episode and step where one throws or gives what it must not', () => {
    const broken = (change: (step: number) => { reward: number; observation: Float32Array }) => () => {
      const inner = cartPole();
      let steps = 0;
      const step: Environment['step'] = (action) => ({ ...inner.step(action as number), ...change(++steps) });
      return { ...inner, reset: inner.reset.bind(inner), step };
    };
    const stepping = (make: () => Environment) => {
      const vector = new EnvironmentVector(make, { count: 2 });
      vector.reset();
      return () => {
        for (let i = 0; i < 3; i++) vector.step([0, 1]);
      };
    };
    const observation = new Float32Array(4);
    expect(stepping(broken(() => ({ reward: Number.NaN, observation })))).toThrow(
      'CartPole.step: reward must be a finite number, got NaN',
    );
    expect(stepping(broken(() => ({ reward: 1, observation: new Float32Array(5) })))).toThrow(
      'CartPole: observation must be 4 numbers of shape [4], got 5 numbers',
    );
    const throwing = broken((step) => {
      if (step === 3) throw new Error('the motor broke');
      return { reward: 1, observation };
    });
    expect(stepping(throwing)).toThrow('the motor broke (environment 0, episode 0, after 2 steps)');
  });

  it('refuses no environments, other numbers of actions, and environments that differ', () => {
    expect(() => new EnvironmentVector(() => cartPole(), { count: 0 })).toThrow(
      'count must be a positive integer, got 0',
    );
    const vector = new EnvironmentVector(() => cartPole(), { count: 2 });
    vector.reset();
    expect(() => vector.step([1])).toThrow('one action for each of 2 is needed, got 1');
    const mixed = (index: number): Environment => (index === 0 ? cartPole() : pendulum());
    expect(() => new EnvironmentVector(mixed, { count: 2 })).toThrow(
      'all must have one observationSpace, got box [4] and box [3]',
    );
  });

  it('keeps apart what an environment may do from what it may not', () => {
    const masked = () =>
      defineEnvironment<number, number, number>({
        name: 'Masked',
        observationSpace: discrete(2),
        actionSpace: discrete(2),
        start: () => 0,
        observe: (state) => state,
        advance: (state) => ({ state: 1 - state, reward: 0 }),
        actionMask: (state) => Uint8Array.of(state, 1 - state),
      });
    const vector = new EnvironmentVector(masked, { count: 1 });
    const { observations, infos } = vector.reset();
    expect([...observations]).toEqual([1, 0]); // one-hot
    expect([...infos[0].actionMask!]).toEqual([0, 1]);
    expect(() => vector.step([0])).toThrow('may be taken now, [1], got 0 (environment 0, episode 0, after 0 steps)');
  });
});
