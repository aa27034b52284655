import type { FitHistory, FitOptions, Recipe } from '@heed/tasks';
import type { LabelledMap } from '@heed/attention-core';
import { z } from 'zod';
import type { HideSteps } from '../../evaluation/play-episodes.ts';
import type { SpaceValue } from '../../spaces/space.ts';
import type { Environment } from '../../environments/environment.ts';
import type { GtrxlConfig, MlpConfig, PolicyConfig, RecurrentConfig } from '../../policies/create-policy.ts';
import type { DecidedAction } from '../../policies/decided-action.ts';
import type { FinishedEpisode } from '../../rollouts/rollout-collector.ts';

/** What an agent is, apart from its environment's spaces: one of its architectures. */
export type PpoAgentConfig = PolicyConfig & CommonConfig;

interface CommonConfig {
  /** Whether observations are scaled by their running mean and deviation, which are saved with the weights and stay as they are after `fit`. Default false. */
  readonly normaliseObservations: boolean;
  /** Decides initial weights, environments, actions and the order of the data. Default 1. */
  readonly seed: number;
}

/** What `new PpoAgent` takes; without an architecture it is an MLP. */
export type PpoAgentOptions = Partial<CommonConfig> &
  (
    | Partial<MlpConfig>
    | (Pick<RecurrentConfig, 'architecture'> & Partial<RecurrentConfig>)
    | (Pick<GtrxlConfig, 'architecture'> & Partial<GtrxlConfig>)
  );

/** Makes an environment, always of the same kind. */
export type MakeEnvironment = (index: number) => Environment;

export interface PpoFitOptions extends FitOptions {
  /** Number of environments that are acted in at once. Default 4. */
  readonly environments?: number;
  /** Steps of each environment between two times of learning. Default 128. */
  readonly rolloutSteps?: number;
  /** Steps of all environments, instead of `epochs`, each of which is a rollout and what is learned from it. */
  readonly environmentSteps?: number;
  /** Times that a rollout is gone through. Default 4. */
  readonly passes?: number;
  /** Steps through which a policy with memory is differentiated. Default: `rolloutSteps`. */
  readonly segmentLength?: number;
  /** γ: what a reward one step later is worth. Default 0.99. */
  readonly discount?: number;
  /** λ of the advantage estimates. Default 0.95. */
  readonly lambda?: number;
  /** How far the ratio of probabilities may go from 1. Default 0.2. */
  readonly clip?: number;
  /** Whether values are clipped too. Default true. */
  readonly clipValues?: boolean;
  /** Weight of the values' loss. Default 0.5. */
  readonly valueWeight?: number;
  /** Weight of the entropy, which keeps the agent exploring. Default 0.01. */
  readonly entropyWeight?: number;
  /** What that weight falls to, linearly. Default: `entropyWeight`. */
  readonly finalEntropyWeight?: number;
  /** Whether advantages are brought to mean 0 and deviation 1 within a batch. Default true. */
  readonly normaliseAdvantages?: boolean;
  /** Whether rewards are divided by the running deviation of their discounted sum. Default false. */
  readonly normaliseRewards?: boolean;
  /** Whether the value of the last observation stands for what a cut took away; an end of the task never has one. Default true. */
  readonly bootstrapTruncated?: boolean;
  /** Episodes to be played after every so many rollouts, on seeds of their own; the best mean return is the best state. */
  readonly validation?: { readonly make: MakeEnvironment; readonly episodes: number };
  /** Is told of every episode that is over. */
  readonly onEpisode?: (episode: FinishedEpisode) => void;
}

export interface PpoHistory extends FitHistory {
  /** Episodes that were over, in their order; after a resume, those since. */
  readonly episodes: readonly Omit<FinishedEpisode, 'info'>[];
}

const count = z.number().int().min(1);
const common = { normaliseObservations: z.boolean().default(false), seed: z.number().int().min(0).default(1) };

export const ppoAgentSchema = z
  .discriminatedUnion('architecture', [
    z.strictObject({ architecture: z.literal('mlp'), widths: z.array(count).min(1).default([64, 64]), ...common }),
    z.strictObject({ architecture: z.enum(['gru', 'lstm']), hiddenWidth: count.default(64), ...common }),
    z.strictObject({
      architecture: z.literal('gtrxl'),
      modelWidth: count.default(64),
      layers: count.default(2),
      heads: count.default(2),
      memoryLength: count.default(64),
      ...common,
    }),
  ])
  .refine((config) => config.architecture !== 'gtrxl' || config.modelWidth % (2 * config.heads) === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of twice the heads',
  });

/** How an agent is trained by default: CleanRL's settings for classic control. */
export const ppoRecipe: Recipe = {
  optimizer: 'adam',
  learningRate: 2.5e-4,
  schedule: 'linear',
  warmup: 0,
  epochs: 976, // 500,000 steps of 4 environments
  batchSize: 128,
  clipNorm: 0.5,
  weightDecay: 0,
  epsilon: 1e-5,
};

const fraction = z.number().min(0).max(1);
/** The options of `fit` that are PPO's own. */
export const ppoFitSchema = z.object({
  environments: count.default(4),
  rolloutSteps: count.default(128),
  environmentSteps: count.optional(),
  passes: count.default(4),
  segmentLength: count.optional(),
  discount: fraction.default(0.99),
  lambda: fraction.default(0.95),
  clip: z.number().positive().default(0.2),
  clipValues: z.boolean().default(true),
  valueWeight: z.number().min(0).default(0.5),
  entropyWeight: z.number().min(0).default(0.01),
  finalEntropyWeight: z.number().min(0).optional(),
  normaliseAdvantages: z.boolean().default(true),
  normaliseRewards: z.boolean().default(false),
  bootstrapTruncated: z.boolean().default(true),
});

export type PpoSettings = z.output<typeof ppoFitSchema>;

/** An episode up to the present. */
export interface EpisodeSoFar {
  /** From the first to the present one. */
  readonly observations: readonly SpaceValue[];
  /** 1 for the actions that may be taken. Default: all. */
  readonly actionMask?: Uint8Array;
}

export interface ActOptions {
  /** Whether to tell which earlier step each step looked at. Default false. */
  readonly attention?: boolean;
  /** Episodes that are read at once. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface Decision extends DecidedAction {
  /** The discounted return that is expected. */
  readonly value: number;
  /** How much each step (row) looked at each step (column), layer by layer; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
}

export interface EvaluateOptions {
  /** Default 20. */
  readonly episodes?: number;
  /** Whether the likeliest action is taken or one is drawn. Default 'greedy'. */
  readonly mode?: 'greedy' | 'sampled';
  /** Decides the episodes, which are others than those of `fit` under the same seed. Default 1. */
  readonly seed?: number;
  /** Environments that are played at once. Default 16, or fewer where there are fewer episodes. */
  readonly environments?: number;
  /** Steps that may not be looked at: what is lost without them was known from them. */
  readonly hide?: HideSteps;
  readonly signal?: AbortSignal;
}

export interface PpoEvaluation {
  readonly meanReturn: number;
  readonly returns: readonly number[];
  readonly lengths: readonly number[];
  /** Fraction of the episodes whose last `info.success` is true, where environments have it. */
  readonly successRate?: number;
}
