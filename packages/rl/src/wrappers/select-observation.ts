import type { Environment } from '../environments/environment.ts';
import { box, describeSpace } from '../spaces/space.ts';
import { wrap } from './wrap.ts';

/**
 * Shows only some entries of an observation: CartPole without its velocities is `selectObservation(cartPole(), [0, 2])`, which needs a memory.
 *
 * @throws if observations are no box of one axis, or have no such entries
 */
export function selectObservation<A extends number | Float32Array>(
  environment: Environment<Float32Array, A>,
  entries: readonly number[],
): Environment<Float32Array, A> {
  const { observationSpace: space } = environment;
  if (space.kind !== 'box' || space.shape.length !== 1) {
    throw new Error(`selectObservation: observations must be a box of one axis, got ${describeSpace(space)}`);
  }
  const size = space.low.length;
  const missing = entries.find((entry) => !(Number.isInteger(entry) && entry >= 0 && entry < size));
  if (missing !== undefined || entries.length === 0) {
    throw new Error(`selectObservation: entries must be from 0 to ${size - 1}, got [${entries.join(', ')}]`);
  }
  const chosen = (all: Float32Array) => Float32Array.from(entries, (entry) => all[entry]);
  const bounds = { low: chosen(space.low), high: chosen(space.high) };
  return wrap(environment, {
    name: `${environment.name} [${entries.join(', ')}]`,
    observationSpace: box([entries.length], bounds),
    reset: (request) => {
      const { observation, info } = environment.reset(request);
      return { observation: chosen(observation), info };
    },
    step: (action) => {
      const result = environment.step(action);
      return { ...result, observation: chosen(result.observation) };
    },
  });
}
