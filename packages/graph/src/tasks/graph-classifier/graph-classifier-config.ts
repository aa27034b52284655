import type { Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { GraphData, NodeSplit } from '../../graph/graph-data.ts';
import { gatRecipe } from '../gat-recipe.ts';
import { architectureSchema, type NodeArchitecture, type NodeArchitectureOptions } from '../node-architecture.ts';

interface GraphFields {
  /** Width of a node before pooling. Default 64. */
  readonly width: number;
  /** Decides initial weights, the order of the graphs and dropout. Default 1. */
  readonly seed: number;
}

/** What a classifier of graphs is, apart from what it learns from its data: one of its architectures, and what goes with all. */
export type GraphClassifierConfig = NodeArchitecture & GraphFields;

/** What `new GraphClassifier` takes: an architecture, `gatv2` by default, and what shall not be as by default. */
export type GraphClassifierOptions = NodeArchitectureOptions & Partial<GraphFields>;

/** Graphs of known classes. Features of nodes are of one width in all of them, those of edges too. */
export interface GraphsData {
  readonly graphs: readonly GraphData[];
  /** The class of each graph: its place in `classNames`. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Numbers of graphs. Default: all are learned from. */
  readonly split?: Partial<NodeSplit>;
}

export interface GraphPredictOptions {
  /** Graphs that are computed together, those of similar size. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface GraphPrediction {
  /** Name of the likeliest class. */
  readonly label: string;
  readonly probability: number;
  /** Of every class. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface GraphMeasures extends Readonly<Record<string, number>> {
  /** The mean of −log p(class), in nats. */
  readonly loss: number;
  /** Fraction predicted correctly. */
  readonly accuracy: number;
}

export const graphClassifierSchema = architectureSchema({
  width: z.number().int().min(1).default(64),
  seed: z.number().int().min(0).default(1),
});

/** How a classifier of graphs is trained by default. */
export const graphRecipe: Recipe = { ...gatRecipe, batchSize: 64 };
