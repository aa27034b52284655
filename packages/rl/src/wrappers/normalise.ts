import type { Environment } from '../environments/environment.ts';
import { box, describeSpace, type SpaceValue } from '../spaces/space.ts';
import { RunningMoments } from './running-moments.ts';
import { wrap } from './wrap.ts';

/** A wrapped environment and what it learned of the numbers it scales. */
export interface Normalised<O extends SpaceValue, A extends SpaceValue> {
  readonly environment: Environment<O, A>;
  /** To be saved with an agent's weights, and restored before it is asked. */
  readonly moments: RunningMoments;
}

export interface NormaliseOptions {
  /** Whether the moments stay as they are: for evaluation. Default false. */
  readonly frozen?: boolean;
  /** What is known already. Default: nothing. */
  readonly moments?: RunningMoments;
}

const EPSILON = 1e-8;

/** Observations less their running mean, divided by their running deviation (Gymnasium's NormalizeObservation). @throws if they are no box */
export function normaliseObservations<A extends SpaceValue>(
  environment: Environment<Float32Array, A>,
  { frozen = false, moments }: NormaliseOptions = {},
): Normalised<Float32Array, A> {
  const { observationSpace: space } = environment;
  if (space.kind !== 'box') {
    throw new Error(`normaliseObservations: observations must be a box, got ${describeSpace(space)}`);
  }
  const running = moments ?? new RunningMoments(space.low.length);
  const scaled = (observation: Float32Array) => {
    if (!frozen) running.update(observation);
    const { mean, variance } = running.moments();
    return observation.map((value, i) => (value - mean[i]) / Math.sqrt(variance[i] + EPSILON));
  };
  const normalised = wrap<Float32Array, A>(environment, {
    observationSpace: box(space.shape),
    reset: (request) => {
      const { observation, info } = environment.reset(request);
      return { observation: scaled(observation), info };
    },
    step: (action) => {
      const result = environment.step(action);
      return { ...result, observation: scaled(result.observation) };
    },
  });
  return { environment: normalised, moments: running };
}

/**
 * Rewards divided by the running deviation of the discounted return (Gymnasium's NormalizeReward).
 *
 * @throws unless `discount` is in [0, 1]
 */
export function normaliseRewards<O extends SpaceValue, A extends SpaceValue>(
  environment: Environment<O, A>,
  { discount = 0.99, frozen = false, moments }: NormaliseOptions & { readonly discount?: number } = {},
): Normalised<O, A> {
  if (!(discount >= 0 && discount <= 1)) {
    throw new Error(`normaliseRewards: discount must be in [0, 1], got ${discount}`);
  }
  const running = moments ?? new RunningMoments(1);
  let accumulated = 0;
  const normalised = wrap<O, A>(environment, {
    reset: (request) => environment.reset(request),
    step: (action) => {
      const result = environment.step(action);
      accumulated = accumulated * discount * (result.terminated ? 0 : 1) + result.reward;
      if (!frozen) running.update([accumulated]);
      return { ...result, reward: result.reward / Math.sqrt(running.moments().variance[0] + EPSILON) };
    },
  });
  return { environment: normalised, moments: running };
}
