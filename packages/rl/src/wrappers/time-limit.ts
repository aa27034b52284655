import type { Environment } from '../environments/environment.ts';
import type { SpaceValue } from '../spaces/space.ts';
import { wrap } from './wrap.ts';

/**
 * Cuts episodes after so many steps: they are then truncated, not terminated.
 *
 * @param maximumSteps Infinity for no limit
 * @throws unless `maximumSteps` is a positive integer or Infinity
 */
export function timeLimit<O extends SpaceValue, A extends SpaceValue>(
  environment: Environment<O, A>,
  maximumSteps: number,
): Environment<O, A> {
  if (maximumSteps === Infinity) return environment;
  if (!Number.isSafeInteger(maximumSteps) || maximumSteps < 1) {
    throw new Error(`timeLimit: maximumSteps must be a positive integer or Infinity, got ${maximumSteps}`);
  }
  let steps = 0;
  return wrap(environment, {
    reset: (request) => {
      steps = 0;
      return environment.reset(request);
    },
    step: (action) => {
      if (steps >= maximumSteps) {
        throw new Error(`${environment.name}.step: must not come after the episode's end, got a step without reset()`);
      }
      const result = environment.step(action);
      steps++;
      return steps >= maximumSteps ? { ...result, truncated: true } : result;
    },
  });
}
