import type { ActionKind } from '../distributions/action-distribution.ts';
import { createGtrxlPolicy } from '../models/gtrxl-policy/gtrxl-policy.ts';
import { createMlpPolicy } from '../models/mlp-policy/mlp-policy.ts';
import { createRecurrentPolicy } from '../models/recurrent-policy/recurrent-policy.ts';
import type { Policy } from './policy.ts';

/** What a policy is, apart from the environment's spaces. */
export type PolicyConfig = MlpConfig | RecurrentConfig | GtrxlConfig;

/** Without memory. */
export interface MlpConfig {
  readonly architecture: 'mlp';
  /** Widths of the hidden layers. Default [64, 64]. */
  readonly widths: readonly number[];
}

/** With the state of a recurrent cell. */
export interface RecurrentConfig {
  readonly architecture: 'gru' | 'lstm';
  /** Width of the state. Default 64. */
  readonly hiddenWidth: number;
}

/** Attending to the steps before. */
export interface GtrxlConfig {
  readonly architecture: 'gtrxl';
  /** Width of the layers; even, and a multiple of `heads`. Default 64. */
  readonly modelWidth: number;
  /** Number of layers. Default 2. */
  readonly layers: number;
  /** Number of attention heads. Default 2. */
  readonly heads: number;
  /** How many steps before the present one are remembered. Default 64. */
  readonly memoryLength: number;
}

/** A policy for observations of so many numbers and such actions. @throws if a field of the config is out of range */
export function createPolicy(
  config: PolicyConfig & { readonly normaliseObservations: boolean; readonly seed: number },
  spaces: { readonly observationSize: number; readonly actions: ActionKind },
): Policy {
  const { normaliseObservations, seed } = config;
  const shared = { ...spaces, normaliseObservations };
  switch (config.architecture) {
    case 'mlp':
      return createMlpPolicy({ ...shared, widths: config.widths }, seed);
    case 'gtrxl': {
      const { modelWidth, layers, heads, memoryLength } = config;
      return createGtrxlPolicy({ ...shared, modelWidth, layers, heads, memoryLength }, seed);
    }
    default:
      return createRecurrentPolicy({ ...shared, cell: config.architecture, hiddenWidth: config.hiddenWidth }, seed);
  }
}
