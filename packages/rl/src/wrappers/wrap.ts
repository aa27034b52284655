import type { Environment } from '../environments/environment.ts';
import type { SpaceValue } from '../spaces/space.ts';

/** An environment with some of its parts replaced: what wrappers are made with. */
export function wrap<O extends SpaceValue, A extends SpaceValue>(
  environment: Environment,
  parts: Partial<Pick<Environment<O, A>, 'name' | 'observationSpace' | 'actionSpace'>> &
    Pick<Environment<O, A>, 'reset' | 'step'>,
): Environment<O, A> {
  const { name, observationSpace, actionSpace, render } = environment;
  const picture = render === undefined ? {} : { render: () => render.call(environment) };
  return { name, observationSpace, actionSpace, ...picture, ...parts };
}
