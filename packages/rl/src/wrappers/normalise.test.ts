import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pendulum } from '../environments/classic-control/pendulum.ts';
import { normaliseObservations, normaliseRewards } from './normalise.ts';
import { RunningMoments } from './running-moments.ts';

// made by tooling/golden/rl-environments.py with Gymnasium 1.4.0
const golden = JSON.parse(readFileSync(new URL('normalise.golden.json', import.meta.url), 'utf8')) as {
  readonly torques: number[];
  readonly observations: number[][];
  readonly rewards: number[];
};

describe('normalisers', () => {
  it("equal Gymnasium's: observations, and rewards by their discounted return", () => {
    const seen = normaliseObservations(pendulum());
    const { environment } = normaliseRewards(seen.environment, { discount: 0.9 });
    const observations = [environment.reset({ options: { state: [2, -0.5] } }).observation];
    const rewards: number[] = [];
    for (const torque of golden.torques) {
      const { observation, reward } = environment.step(Float32Array.of(torque));
      observations.push(observation);
      rewards.push(reward);
    }
    for (const [i, observation] of observations.entries()) {
      // Gymnasium's first steps divide a nearly constant number by its deviation: float32 rounding is magnified
      expect(observation).toBeAllClose(Float32Array.from(golden.observations[i]), { absolute: 2e-3, relative: 1e-3 });
    }
    expect(Float32Array.from(rewards)).toBeAllClose(Float32Array.from(golden.rewards), { relative: 1e-5 });
  });

  it('change nothing they learned where they are frozen, and take over what is known', () => {
    const learning = normaliseObservations(pendulum());
    learning.environment.reset({ seed: 1 });
    for (let i = 0; i < 20; i++) learning.environment.step(Float32Array.of(1));
    const known = JSON.parse(JSON.stringify(learning.moments.moments())) as ReturnType<RunningMoments['moments']>;
    const moments = new RunningMoments(3);
    moments.restore(known);
    const frozen = normaliseObservations(pendulum(), { frozen: true, moments });
    const { observation } = frozen.environment.reset({ options: { state: [0, 1] } });
    frozen.environment.step(Float32Array.of(1));
    expect(moments.moments()).toEqual(known);
    const expected = [1, 0, 1].map((value, i) => (value - known.mean[i]) / Math.sqrt(known.variance[i] + 1e-8));
    expect(observation).toBeAllClose(Float32Array.from(expected), { absolute: 1e-5, relative: 1e-5 });
    expect(() => new RunningMoments(2).restore(known)).toThrow('moments must be of 2 numbers, got 3');
  });

  it('know mean and variance of what came in, one after another or together', () => {
    const vectors = [
      [1, 5],
      [3, 9],
      [8, 1],
    ];
    const [single, together] = [new RunningMoments(2), new RunningMoments(2)];
    for (const vector of vectors) single.update(vector);
    together.update(vectors.flat());
    for (const moments of [single, together]) {
      const { mean, variance } = moments.moments();
      // of 1, 3, 8: mean 4, variance 26/3; of 5, 9, 1: mean 5, variance 32/3; the first 0.0001 vectors weigh a little
      expect(mean[0]).toBeCloseTo(4, 3);
      expect(mean[1]).toBeCloseTo(5, 3);
      expect(variance[0]).toBeCloseTo(26 / 3, 2);
      expect(variance[1]).toBeCloseTo(32 / 3, 2);
    }
  });
});
