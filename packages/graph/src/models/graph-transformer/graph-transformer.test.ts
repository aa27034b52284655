import { describeModelContract } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { nodeContract } from '../node-contract.test-support.ts';
import { createGraphTransformer } from './graph-transformer.ts';

const config = {
  inputs: 3,
  outputs: 2,
  layers: 2,
  modelWidth: 8,
  heads: 2,
  hiddenWidth: 16,
  edgeInputs: 0,
  dropout: 0.1,
  attentionDropout: 0.1,
};

describeModelContract('GraphTransformer', {
  ...nodeContract(config, createGraphTransformer),
  // a softmax ignores what is added to all keys alike
  withoutGradient: (name) => name.endsWith('attention.key.bias'),
});

describe('createGraphTransformer', () => {
  it('refuses heads that do not divide the width', () => {
    expect(() => createGraphTransformer({ ...config, heads: 3 }, 1)).toThrow(
      'createGraphTransformer: config: modelWidth must be a multiple of heads',
    );
  });
});
