import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import { gatRecipe } from '../gat-recipe.ts';
import { architectureSchema, type NodeArchitecture, type NodeArchitectureOptions } from '../node-architecture.ts';

/** What a classifier of nodes is, apart from what it learns from its data: one of its architectures, and a seed. */
export type NodeClassifierConfig = NodeArchitecture & {
  /** Decides initial weights, order of the data and dropout. Default 1. */
  readonly seed: number;
};

/** What `new NodeClassifier` takes: an architecture, `gatv2` by default, and what shall not be as by default. */
export type NodeClassifierOptions = NodeArchitectureOptions & { readonly seed?: number };

export interface NodeFitOptions extends FitOptions {
  /**
   * For graphs that are too large for one step: at most so many edges into each node, one number for each layer of the model, the last layer first.
   * Then `batchSize` nodes are learned from at a time, each among sampled neighbours; without, all are learned from at once.
   */
  readonly neighbours?: readonly number[];
}

export interface NodePredictOptions {
  /** Ends it between two graphs. */
  readonly signal?: AbortSignal;
}

export interface NodeMeasures extends Readonly<Record<string, number>> {
  /** The mean of −log p(class), in nats. */
  readonly loss: number;
  /** Fraction predicted correctly. */
  readonly accuracy: number;
}

export interface NodePredictions {
  /** [N]: places in `classNames`. */
  readonly classes: Int32Array;
  /** [N, classes], rows add up to 1. */
  readonly probabilities: Float32Array;
  readonly classNames: readonly string[];
  /** [E]: how much each edge's target attends to its source, as a mean over layers and heads. */
  readonly attention: Float32Array;
}

export const nodeClassifierSchema = architectureSchema({ seed: z.number().int().min(0).default(1) });

/** How a classifier of nodes is trained by default: GAT's recipe. `batchSize` counts with `neighbours` only. */
export const nodeRecipe: Recipe = { ...gatRecipe, batchSize: 512 };
