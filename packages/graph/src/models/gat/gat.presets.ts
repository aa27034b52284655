import type { GatConfig } from './gat.ts';

/** The paper's model for Cora and Citeseer (section 3.3); `inputs` and `classes` come from the data. */
export const gatForCitations: Omit<GatConfig, 'inputs' | 'classes'> = {
  layers: 2,
  heads: 8,
  headWidth: 8,
  outputHeads: 1,
  featureDropout: 0.6,
  attentionDropout: 0.6,
};
