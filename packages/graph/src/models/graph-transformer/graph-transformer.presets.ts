import type { GraphTransformerConfig } from './graph-transformer.ts';

/** A small model for graphs of some dozen nodes; inputs and outputs come from the data. */
export const graphTransformerForMolecules: Omit<GraphTransformerConfig, 'inputs' | 'outputs' | 'edgeInputs'> = {
  layers: 3,
  modelWidth: 64,
  heads: 4,
  hiddenWidth: 128,
  dropout: 0.1,
  attentionDropout: 0.1,
};
