import { Random } from '@heed/attention-core';
import { sampleSpace } from '../spaces/sample-space.ts';
import type { SpaceValue } from '../spaces/space.ts';
import { requireObservation, requireReward } from './define-environment.ts';
import type { Environment } from './environment.ts';

/**
 * Tries what agents rely on: elements of the spaces, finite rewards, ends that are kept, and the same episode again under the same seed and actions.
 *
 * @param make a new environment
 * @param options.steps how many random steps are taken. Default 200
 * @throws what is broken, naming the rule and the value
 */
export function checkEnvironment(
  make: () => Environment,
  { steps = 200, seed = 1 }: { readonly steps?: number; readonly seed?: number } = {},
): void {
  const environment = make();
  const { name } = environment;
  requireRefusal(`${name}.step must be refused before reset()`, () =>
    environment.step(sampleSpace(environment.actionSpace, new Random(seed))),
  );
  const first = play(environment, seed, steps);
  for (const [kind, other] of [
    ['the same environment', play(environment, seed, steps)],
    ['another of the kind', play(make(), seed, steps)],
  ] as const) {
    const at = first.findIndex((moment, i) => moment !== other[i]);
    if (at < 0) continue;
    const got = `${first[at]} and ${other[at]}`;
    throw new Error(`checkEnvironment: ${name} must do the same under the same seed, got of ${kind} at ${at} ${got}`);
  }
}

/** Random steps as text. */
function play(environment: Environment, seed: number, steps: number): string[] {
  const { name, observationSpace, actionSpace } = environment;
  const random = new Random(seed);
  let { observation, info } = environment.reset({ seed });
  requireObservation(name, observationSpace, observation);
  const moments = [describe(observation)];
  for (let step = 0; step < steps; step++) {
    const result = environment.step(sampleSpace(actionSpace, random, info.actionMask));
    requireReward(name, result.reward);
    requireObservation(name, observationSpace, result.observation);
    for (const end of ['terminated', 'truncated'] as const) {
      if (typeof result[end] === 'boolean') continue;
      throw new Error(`checkEnvironment: ${end} of ${name} must be true or false, got ${String(result[end])}`);
    }
    moments.push(`${describe(result.observation)} ${result.reward} ${result.terminated} ${result.truncated}`);
    ({ observation, info } = result);
    if (!result.terminated && !result.truncated) continue;
    const action = sampleSpace(actionSpace, random, info.actionMask);
    requireRefusal(`${name}.step must be refused after the end`, () => environment.step(action));
    ({ observation, info } = environment.reset());
    moments.push(describe(observation));
  }
  return moments;
}

function describe(value: SpaceValue): string {
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function requireRefusal(rule: string, run: () => unknown): void {
  try {
    run();
  } catch {
    return;
  }
  throw new Error(`checkEnvironment: ${rule}, got a result`);
}
