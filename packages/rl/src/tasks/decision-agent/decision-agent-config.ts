import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { SpaceValue } from '../../spaces/space.ts';

/** What a decision agent is, apart from its environment's spaces. */
export interface DecisionAgentConfig {
  /** Width of the layers; a multiple of `heads`. Default 128. */
  readonly modelWidth: number;
  /** Number of layers. Default 3. */
  readonly layers: number;
  /** Number of attention heads. Default 1. */
  readonly heads: number;
  /** How many steps are read, the newest ones. Default 20. */
  readonly contextLength: number;
  /** The longest episode, in steps. Default 1000. */
  readonly maximumSteps: number;
  /** Default 0.1. */
  readonly dropout: number;
  /** Whether the wanted return is read; without it the agent clones what it saw. Default true. */
  readonly returnConditioned: boolean;
  /** Decides initial weights, windows, order of the data and dropout. Default 1. */
  readonly seed: number;
}

export interface DecisionFitOptions extends FitOptions {
  /** Fraction of the trajectories that is learned from, those of the highest return. Default 1. */
  readonly fraction?: number;
}

/** An episode up to the present, and the return that is wanted from here on. */
export interface DecisionInput {
  /** From the first to the present one. */
  readonly observations: readonly SpaceValue[];
  /** What was done after each but the last. */
  readonly actions: readonly SpaceValue[];
  /** The return that was wanted at each observation: less what was given since. */
  readonly returnsToGo: readonly number[];
}

export interface DecisionActOptions {
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface DecisionEvaluateOptions extends DecisionActOptions {
  /** The return that is asked for. */
  readonly targetReturn: number;
  /** Default 20. */
  readonly episodes?: number;
  /** Whether an action is drawn, or the likeliest taken, which may go round and round. Default 'sampled'. */
  readonly mode?: 'greedy' | 'sampled';
  /** Default 1. */
  readonly seed?: number;
}

const count = z.number().int().min(1);
export const decisionAgentSchema = z
  .strictObject({
    modelWidth: count.default(128),
    layers: count.default(3),
    heads: count.default(1),
    contextLength: count.default(20),
    maximumSteps: count.default(1000),
    dropout: z.number().min(0).lt(1).default(0.1),
    returnConditioned: z.boolean().default(true),
    seed: z.number().int().min(0).default(1),
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** How a decision agent is trained by default. */
export const decisionRecipe: Recipe = {
  optimizer: 'adamw',
  learningRate: 1e-3,
  schedule: 'constant',
  warmup: 0.05,
  epochs: 10,
  batchSize: 64,
  clipNorm: 0.25,
  weightDecay: 1e-4,
};
