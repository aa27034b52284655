import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { GraphData } from '../../graph/graph-data.ts';
import type { LinkPairs } from '../../graph/split-edges.ts';
import { gatRecipe } from '../gat-recipe.ts';
import { architectureSchema, type NodeArchitecture, type NodeArchitectureOptions } from '../node-architecture.ts';

interface LinkFields {
  /** Width of a node's embedding. Default 32. */
  readonly embeddingWidth: number;
  /** Decides initial weights, dropout and the negatives. Default 1. */
  readonly seed: number;
}

/** What a predictor of links is, apart from what it learns from its data: one of its architectures, and what goes with all. */
export type LinkPredictorConfig = NodeArchitecture & LinkFields;

/** What `new LinkPredictor` takes: an architecture, `gatv2` by default, and what shall not be as by default. */
export type LinkPredictorOptions = NodeArchitectureOptions & Partial<LinkFields>;

/** How a predictor of links is trained. All links are learned from at once. */
export type LinkFitOptions = Omit<FitOptions, 'batchSize'>;

export interface LinkPredictOptions {
  /** Ends it before the graph is read. */
  readonly signal?: AbortSignal;
}

export interface LinkMeasures extends Readonly<Record<string, number>> {
  /** Binary cross-entropy in nats, links and others counting the same. */
  readonly loss: number;
  /** Area under the ROC curve. */
  readonly auc: number;
  readonly averagePrecision: number;
}

/** What links are learned from: what `splitEdges` gives, or a graph without anything held out. */
export interface LinkData {
  readonly graph: GraphData;
  /** Pairs to measure on; none where it is absent or has no links. */
  readonly validation?: LinkPairs;
}

export const linkPredictorSchema = architectureSchema({
  embeddingWidth: z.number().int().min(1).default(32),
  seed: z.number().int().min(0).default(1),
});

/** How a predictor of links is trained by default. */
export const linkRecipe: Recipe = { ...gatRecipe, batchSize: 1 };
