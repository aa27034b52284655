import type { Environment } from '../environments/environment.ts';
import { flatSize, flattenInto } from '../spaces/flatten.ts';
import { box, type SpaceValue } from '../spaces/space.ts';
import { wrap } from './wrap.ts';

/** The observation as a vector, then the action before it: choices one-hot, all zeros at an episode's beginning. */
export function previousAction<A extends SpaceValue>(
  environment: Environment<SpaceValue, A>,
): Environment<Float32Array, A> {
  const { observationSpace, actionSpace } = environment;
  const size = flatSize(observationSpace);
  const joined = (observation: SpaceValue, action?: A) => {
    const values = new Float32Array(size + flatSize(actionSpace));
    flattenInto(values, 0, observationSpace, observation);
    if (action !== undefined) flattenInto(values, size, actionSpace, action);
    return values;
  };
  return wrap(environment, {
    name: `${environment.name} with actions`,
    observationSpace: box([size + flatSize(actionSpace)]),
    reset: (request) => {
      const { observation, info } = environment.reset(request);
      return { observation: joined(observation), info };
    },
    step: (action) => {
      const result = environment.step(action);
      return { ...result, observation: joined(result.observation, action) };
    },
  });
}
