import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { acrobot } from './acrobot.ts';
import { cartPole } from './cart-pole.ts';
import type { Environment } from '../environment.ts';
import { mountainCar } from './mountain-car.ts';
import { pendulum } from './pendulum.ts';

interface Trace {
  readonly starts: readonly number[][];
  readonly actions: string;
  readonly observations: string;
  readonly rewards: string;
  readonly ends: string;
}

// made by tooling/golden/rl-environments.py with Gymnasium 1.4.0
const traces = JSON.parse(readFileSync(new URL('classic-control.golden.json', import.meta.url), 'utf8')) as Record<
  string,
  Trace
>;
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const floats = (text: string) => new Float32Array(bytes(text).buffer);

describe.each<readonly [string, () => Environment]>([
  ['cart-pole', cartPole],
  ['acrobot', acrobot],
  ['mountain-car', mountainCar],
  ['pendulum', pendulum],
])('%s', (name, make) => {
  it("equals Gymnasium's over 1,000 steps: observations, rewards, ends by the task and by the limit", () => {
    const { starts, ...trace } = traces[name];
    const [actions, expected, rewards, ends] = [
      floats(trace.actions),
      floats(trace.observations),
      floats(trace.rewards),
      bytes(trace.ends),
    ];
    const environment = make();
    const size = expected.length / actions.length;
    let episode = 0;
    environment.reset({ options: { state: starts[episode++] } });
    const observations: number[] = [];
    const given: number[] = [];
    for (const [step, action] of actions.entries()) {
      const taken = name === 'pendulum' ? Float32Array.of(action) : action;
      const { observation, reward, terminated, truncated } = environment.step(taken);
      observations.push(...(observation as Float32Array));
      given.push(reward);
      expect({ step, terminated, truncated: truncated && !terminated }).toEqual({
        step,
        terminated: ends[step] === 1,
        truncated: ends[step] === 2,
      });
      if (terminated || truncated) environment.reset({ options: { state: starts[episode++] } });
    }
    expect(observations.length).toBe(1000 * size);
    expect(Float32Array.from(observations)).toBeAllClose(expected, { absolute: 1e-6, relative: 1e-6 });
    expect(Float32Array.from(given)).toBeAllClose(rewards, { absolute: 1e-6, relative: 1e-6 });
    expect(episode).toBe(starts.length);
  });

  it('can be seen as text and as SVG', () => {
    const environment = make();
    environment.reset({ seed: 3 });
    const { text, svg } = environment.render!();
    expect(text.length).toBeGreaterThan(0);
    expect(svg).toMatch(/^<svg [^>]+>(<\w+ [^<>]*\/>)+<\/svg>$/);
  });

  it('refuses a state of other numbers', () => {
    expect(() => make().reset({ options: { state: [1] } })).toThrow('finite numbers, got [1]');
    expect(() => make().reset({ options: { state: [Number.NaN, 0, 0, 0] } })).toThrow('options.state must be');
  });
});
