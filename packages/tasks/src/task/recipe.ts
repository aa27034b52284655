import { parseConfig, type Schedule } from '@heed/training';
import { z } from 'zod';

/** How a task is trained. Every task has the same fields; their defaults are its own. */
export interface Recipe {
  /** 'adamw' decays weights apart from the gradient and leaves biases and norms alone; 'adam' adds the decay to the gradient (an L2 penalty). */
  readonly optimizer: 'adam' | 'adamw';
  /** The highest learning rate; or a schedule, a function of the number of the update, which replaces `schedule` and `warmup`. */
  readonly learningRate: number | Schedule;
  /** How the learning rate goes on after the warm-up: 'constant', decayed linearly to 0, or along half a cosine. */
  readonly schedule: 'constant' | 'linear' | 'cosine';
  /** Fraction of the updates over which the learning rate rises to its highest. */
  readonly warmup: number;
  /** Fraction of the learning rate that the schedule ends at. Default 0. */
  readonly finalRate?: number;
  /** Number of epochs: passes over the data. */
  readonly epochs: number;
  /** Number of updates, instead of `epochs`. */
  readonly steps?: number;
  /** Examples per update. */
  readonly batchSize: number;
  /** Gradients are scaled down to this norm where they exceed it. Default: no clipping. */
  readonly clipNorm?: number;
  /** Weight decay, times the learning rate. */
  readonly weightDecay: number;
  /** Decay rate of Adam's second moment. Default 0.999. */
  readonly beta2?: number;
  /** What Adam adds to the denominator. Default 1e-8. */
  readonly epsilon?: number;
}

const positive = z.number().positive();
const count = z.number().int().min(1);
const schema = z.object({
  optimizer: z.enum(['adam', 'adamw']),
  learningRate: z.union([positive, z.custom<Schedule>((value) => typeof value === 'function')]),
  schedule: z.enum(['constant', 'linear', 'cosine']),
  warmup: z.number().min(0).lt(1),
  finalRate: z.number().min(0).max(1).exactOptional(),
  epochs: count,
  steps: count.exactOptional(),
  batchSize: count,
  clipNorm: positive.exactOptional(),
  weightDecay: z.number().min(0),
  beta2: z.number().min(0).lt(1).exactOptional(),
  epsilon: positive.exactOptional(),
});

/**
 * A task's recipe with what the caller of `fit` wants otherwise.
 *
 * @throws if both epochs and steps are given, or a field is out of range, naming it and its value
 */
export function resolveRecipe(owner: string, defaults: Recipe, options: Partial<Recipe>): Recipe {
  if (options.epochs !== undefined && options.steps !== undefined) {
    throw new Error(
      `${owner}: epochs or steps must be given, not both, got epochs=${options.epochs}, steps=${options.steps}`,
    );
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return parseConfig<Recipe>(owner, schema, { ...defaults, ...given });
}
