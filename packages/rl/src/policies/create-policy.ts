import type { ActionKind } from '../distributions/action-distribution.ts';
import { createMlpPolicy } from '../models/mlp-policy/mlp-policy.ts';
import type { Policy } from './policy.ts';

/** What a policy is, apart from the environment's spaces. */
export type PolicyConfig = MlpConfig;

/** Without memory. */
export interface MlpConfig {
  readonly architecture: 'mlp';
  /** Widths of the hidden layers. Default [64, 64]. */
  readonly widths: readonly number[];
}

/** A policy for observations of so many numbers and such actions. @throws if a field of the config is out of range */
export function createPolicy(
  config: PolicyConfig & { readonly normaliseObservations: boolean; readonly seed: number },
  spaces: { readonly observationSize: number; readonly actions: ActionKind },
): Policy {
  const { normaliseObservations, seed } = config;
  return createMlpPolicy({ ...spaces, widths: config.widths, normaliseObservations }, seed);
}
