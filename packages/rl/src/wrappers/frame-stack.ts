import { requireIntegers } from '@heed/attention-core';
import type { Environment } from '../environments/environment.ts';
import { box, describeSpace } from '../spaces/space.ts';
import { wrap } from './wrap.ts';

/**
 * The last `frames` observations side by side, oldest first; an episode begins with its first observation repeated.
 *
 * @throws if observations are no box, or `frames` is no positive integer
 */
export function frameStack<A extends number | Float32Array>(
  environment: Environment<Float32Array, A>,
  frames: number,
): Environment<Float32Array, A> {
  const { observationSpace: space } = environment;
  if (space.kind !== 'box') throw new Error(`frameStack: observations must be a box, got ${describeSpace(space)}`);
  requireIntegers('frameStack', { frames });
  const size = space.low.length;
  let stack = new Float32Array(frames * size);
  const push = (observation: Float32Array) => {
    const next = new Float32Array(frames * size);
    next.set(stack.subarray(size));
    next.set(observation, (frames - 1) * size);
    return (stack = next).slice();
  };
  const repeated = (bounds: Float32Array) => Array.from({ length: frames }, () => [...bounds]).flat();
  return wrap(environment, {
    name: `${environment.name} × ${frames}`,
    observationSpace: box([frames, ...space.shape], { low: repeated(space.low), high: repeated(space.high) }),
    reset: (request) => {
      const { observation, info } = environment.reset(request);
      stack = Float32Array.from(repeated(observation));
      return { observation: stack.slice(), info };
    },
    step: (action) => {
      const result = environment.step(action);
      return { ...result, observation: push(result.observation) };
    },
  });
}
