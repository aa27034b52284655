import type { GatV2Config } from './gatv2.ts';

/** As GAT's model for Cora and Citeseer, with one matrix for sources and targets so that it has as many weights; `inputs` and `classes` come from the data. */
export const gatV2ForCitations: Omit<GatV2Config, 'inputs' | 'classes'> = {
  layers: 2,
  heads: 8,
  headWidth: 8,
  outputHeads: 1,
  edgeInputs: 0,
  sharedWeights: true,
  featureDropout: 0.6,
  attentionDropout: 0.6,
};
