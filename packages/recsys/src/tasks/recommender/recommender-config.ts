import type { LabelledMap } from '@heed/attention-core';
import type { FitOptions, Recipe } from '@heed/tasks';
import { z } from 'zod';
import type { Id } from '../../log/interaction-log.ts';
import type { LeaveOneOut } from '../../log/leave-one-out.ts';

/** What a recommender is, apart from what it learns from its log: one of its losses. */
export type RecommenderConfig = FullRecommenderConfig | SampledRecommenderConfig;

interface SasRecRecommenderConfig {
  /** The longest history that is read, in items; of longer ones the newest. Default 50. */
  readonly maximumLength: number;
  /** Width of items and hidden vectors; a multiple of `heads`. Default 64. */
  readonly modelWidth: number;
  /** Number of layers. Default 2. */
  readonly layers: number;
  /** Number of attention heads. Default 1. */
  readonly heads: number;
  /** Fraction of vectors and attention weights that is dropped in training. Default 0.2. */
  readonly dropout: number;
  /** Where layers are normalised: 'pre' as Transformers do today, 'query' as SASRec's authors have it. Default 'pre'. */
  readonly norm: 'query' | 'pre';
  /** Decides initial weights, order of the data, negatives and dropout. Default 1. */
  readonly seed: number;
}

/** Every item that did not come next speaks against the model: the best, and the slowest where there are many items. */
export interface FullRecommenderConfig extends SasRecRecommenderConfig {
  readonly loss: 'cross-entropy';
}

/** Only items that are drawn do: 'sampled' by cross-entropy with logQ, 'binary' as SASRec's authors have it. */
export interface SampledRecommenderConfig extends SasRecRecommenderConfig {
  readonly loss: 'sampled' | 'binary';
  /** How many items are drawn: for each batch ('sampled'), for each target ('binary'). Default 1. */
  readonly negatives: number;
}

type Optional<Config extends RecommenderConfig> = Pick<Config, 'loss'> & Partial<Config>;

/** What `new Recommender` takes. Without a loss it is the cross-entropy over all items. */
export type RecommenderOptions = Optional<SampledRecommenderConfig> | Partial<FullRecommenderConfig>;

export interface RecommenderFitOptions extends FitOptions {
  /** Number of shapes that batches have: more of them pad less and take longer to record. Default 3. */
  readonly buckets?: number;
  /** Cases to measure HR@10 and NDCG@10 on, all items ranked. */
  readonly validation?: LeaveOneOut['validation'];
}

export interface RecommendOptions {
  /** Number of recommendations. Default 10. */
  readonly k?: number;
  /** Whether items of the history are left out. Default true. */
  readonly removeSeen?: boolean;
  /** Whether to give the attention maps. Default false. */
  readonly attention?: boolean;
  /** Number of histories that are read at once. Default 64. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface RecommendedItem {
  readonly item: Id;
  /** Higher is likelier; of popularity, the number of interactions. */
  readonly score: number;
}

export interface Recommendation {
  /** The best first; fewer than `k` where fewer are left. */
  readonly items: readonly RecommendedItem[];
  /** What they come from: the history, or popularity where there is no known item in it. */
  readonly from: 'history' | 'popularity';
  /** Items of the history that are not known, and were passed over. */
  readonly unknown: readonly Id[];
  /** How much each item (row) looked at each before it (column), layer by layer; where it was asked for. */
  readonly attention?: readonly LabelledMap[];
}

/** Why something is recommended. */
export interface RecommendationReasons {
  readonly item: Id;
  readonly score: number;
  /** For each item of the history, how much the score falls without it: the ones that spoke most for it first. */
  readonly removals: readonly { readonly item: Id; readonly fall: number }[];
}

const count = z.number().int().min(1);
const all = {
  maximumLength: count.default(50),
  modelWidth: count.default(64),
  layers: count.default(2),
  heads: count.default(1),
  dropout: z.number().min(0).lt(1).default(0.2),
  norm: z.enum(['query', 'pre']).default('pre'),
  seed: z.number().int().min(0).default(1),
};

export const recommenderSchema = z
  .discriminatedUnion('loss', [
    z.strictObject({ loss: z.literal('cross-entropy'), ...all }),
    z.strictObject({ loss: z.enum(['sampled', 'binary']), ...all, negatives: count.default(1) }),
  ])
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** How a recommender is trained by default. */
export const recommenderRecipe: Recipe = {
  optimizer: 'adam',
  learningRate: 1e-3,
  schedule: 'constant',
  warmup: 0,
  epochs: 50,
  batchSize: 128,
  weightDecay: 0,
};
