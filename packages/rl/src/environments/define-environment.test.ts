import { describe, expect, it } from 'vitest';
import { box, discrete } from '../spaces/space.ts';
import { timeLimit } from '../wrappers/time-limit.ts';
import { acrobot } from './classic-control/acrobot.ts';
import { cartPole } from './classic-control/cart-pole.ts';
import { checkEnvironment } from './check-environment.ts';
import { defineEnvironment, type EnvironmentDefinition } from './define-environment.ts';
import type { Environment } from './environment.ts';
import { mountainCar } from './classic-control/mountain-car.ts';
import { passiveTMaze } from './passive-t-maze.ts';
import { pendulum } from './classic-control/pendulum.ts';

type Walk = EnvironmentDefinition<number, Float32Array, number>;
/** Begins at 1 of 3; action 2 cannot be taken at 0. */
const walk = (change: Partial<Walk> = {}) =>
  defineEnvironment<number, Float32Array, number>({
    name: 'Walk',
    observationSpace: box([1], { low: 0, high: 3 }),
    actionSpace: discrete(3),
    start: () => 1,
    observe: (place) => Float32Array.of(place),
    advance: (place, action) => ({ state: place + action - 1, reward: action, terminated: place + action - 1 === 3 }),
    actionMask: (place) => Uint8Array.of(place > 0 ? 1 : 0, 1, 1),
    ...change,
  });

describe('defineEnvironment', () => {
  it('refuses a step before reset and after the end, and pictures before reset', () => {
    const environment = walk();
    expect(() => environment.step(1)).toThrow('Walk.step: must come after reset(), got no episode');
    expect(() => cartPole().render!()).toThrow('CartPole.render: must come after reset()');
    environment.reset();
    environment.step(2);
    expect(environment.step(2)).toMatchObject({ reward: 2, terminated: true });
    expect(() => environment.step(1)).toThrow("Walk.step: must not come after the episode's end");
  });

  it('refuses actions outside of the space, naming it and them', () => {
    const environment = walk();
    environment.reset();
    for (const action of [3, -1, 0.5, Number.NaN, '1', undefined, null, Float32Array.of(1)]) {
      expect(() => environment.step(action as number)).toThrow('Walk.step: action must be an integer from 0 to 2, got');
    }
    const swing = pendulum();
    swing.reset();
    expect(() => swing.step(Float32Array.of(2.5))).toThrow('Pendulum.step: action must be in [-2, 2] at 0, got 2.5');
    expect(() => swing.step(Float32Array.of(1, 1))).toThrow('action must be 1 numbers of shape [1], got 2 numbers');
    expect(() => swing.step(Float32Array.of(Number.NaN))).toThrow('got NaN');
  });

  it('refuses a masked action, and says which may be taken', () => {
    const environment = walk();
    environment.reset();
    expect([...environment.step(0).info.actionMask!]).toEqual([0, 1, 1]);
    expect(() => environment.step(0)).toThrow('action must be one that may be taken now, [1, 2], got 0');
  });

  it('refuses a reward that is no number and an observation of another space', () => {
    const withReward = (reward: number) => {
      const environment = walk({ advance: (state) => ({ state, reward }) });
      environment.reset();
      return () => environment.step(1);
    };
    expect(withReward(Number.NaN)).toThrow('Walk.step: reward must be a finite number, got NaN');
    expect(withReward(-Infinity)).toThrow('got -Infinity');
    const seeing = (observation: Float32Array) => () => walk({ observe: () => observation }).reset();
    expect(seeing(Float32Array.of(1, 2))).toThrow('Walk: observation must be 1 numbers of shape [1], got 2 numbers');
    expect(seeing(Float32Array.of(4))).toThrow('observation must be in [0, 3] at 0, got 4');
    expect(seeing(Float32Array.of(Number.NaN))).toThrow('got NaN');
  });
});

describe('timeLimit', () => {
  it('truncates, and keeps that apart from an end of the task', () => {
    const limited = timeLimit(walk(), 2);
    limited.reset();
    expect(limited.step(1)).toMatchObject({ terminated: false, truncated: false });
    expect(limited.step(1)).toMatchObject({ terminated: false, truncated: true });
    expect(() => limited.step(1)).toThrow("must not come after the episode's end");
    limited.reset();
    limited.step(2);
    expect(limited.step(2)).toMatchObject({ terminated: true, truncated: true }); // as Gymnasium has it
  });

  it('refuses a limit of no steps', () => {
    expect(() => timeLimit(walk(), 0)).toThrow('timeLimit: maximumSteps must be a positive integer or Infinity, got 0');
  });
});

describe('checkEnvironment', () => {
  it.each<readonly [string, () => Environment]>([
    ['cartPole', cartPole],
    ['acrobot', acrobot],
    ['mountainCar', mountainCar],
    ['pendulum', pendulum],
    ['passiveTMaze', () => passiveTMaze({ length: 3 })],
    ['one of its own', walk],
  ])('passes %s', (_, make) => {
    expect(() => checkEnvironment(make, { steps: 300 })).not.toThrow();
  });

  it('finds what is not the same again, and ends that are not kept', () => {
    let calls = 0;
    const drifting = () => walk({ start: () => (calls++ % 2) + 1 });
    expect(() => checkEnvironment(drifting)).toThrow('must do the same under the same seed');
    const endless = (): Environment => {
      const inner = walk();
      const step: Environment['step'] = () => ({ ...inner.reset(), reward: 0, terminated: true, truncated: false });
      return { ...inner, reset: (request) => inner.reset(request), step };
    };
    expect(() => checkEnvironment(endless)).toThrow('Walk.step must be refused before reset(), got a result');
    const odd = () => {
      const inner = walk();
      const step = (action: number) => ({ ...inner.step(action), truncated: 0 as unknown as boolean });
      return { ...inner, reset: () => inner.reset(), step };
    };
    expect(() => checkEnvironment(odd as () => Environment)).toThrow('truncated of Walk must be true or false, got 0');
  });
});
