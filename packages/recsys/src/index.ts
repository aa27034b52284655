export { InteractionLog, type Id, type Interaction, type LogOptions } from './log/interaction-log.ts';
export { leaveOneOut, type LeaveOneOut, type RankingCase } from './log/leave-one-out.ts';
export {
  fullRank,
  sampledRank,
  type FullRank,
  type RankMetrics,
  type RankOptions,
  type Sampled100,
  type TieRule,
} from './evaluation/rank-items.ts';
export { listMetrics, type ListMetrics } from './evaluation/list-metrics.ts';
export { pairedBootstrap, type PairedDifference } from './evaluation/paired-bootstrap.ts';
export type { Scorer } from './evaluation/scorer.ts';
export { ItemNeighbours } from './baselines/item-neighbours.ts';
export { MarkovChain } from './baselines/markov-chain.ts';
export { Popularity } from './baselines/popularity.ts';
export { binaryItemLoss } from './losses/binary-item-loss.ts';
export { itemCrossEntropy } from './losses/item-cross-entropy.ts';
export { sampledCrossEntropy } from './losses/sampled-cross-entropy.ts';
export { createSasRec, SasRec, type HistoryBatch, type SasRecConfig } from './models/sasrec/sasrec.ts';
export { amazonBeauty, readAmazonBeauty } from './datasets/amazon-beauty/amazon-beauty.ts';
export {
  movielens100k,
  readMovielens100k,
  type Movielens100k,
  type Rating,
} from './datasets/movielens-100k/movielens-100k.ts';
export { Recommender } from './tasks/recommender/recommender.ts';
export type {
  FullRecommenderConfig,
  Recommendation,
  RecommendationReasons,
  RecommendedItem,
  RecommenderConfig,
  RecommenderFitOptions,
  RecommenderOptions,
  RecommendOptions,
  SampledRecommenderConfig,
} from './tasks/recommender/recommender-config.ts';
