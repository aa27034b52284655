import type { BertConfig } from './bert.ts';

/** What the tests' BERTs have in common; sizes as `change` says. */
export const tinyBertConfig = (change: Pick<BertConfig, 'vocabularySize' | 'maximumLength'>): BertConfig => ({
  tokenTypes: 2,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  feedForwardWidth: 12,
  activation: 'gelu',
  epsilon: 1e-12,
  dropout: 0,
  attentionDropout: 0,
  causal: false,
  ...change,
});
