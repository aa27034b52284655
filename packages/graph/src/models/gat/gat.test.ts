import { describeModelContract } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { nodeContract } from '../node-contract.test-support.ts';
import { createGat } from './gat.ts';

const config = {
  inputs: 3,
  classes: 2,
  layers: 2,
  heads: 2,
  headWidth: 8,
  outputHeads: 2,
  featureDropout: 0.5,
  attentionDropout: 0.5,
};

describeModelContract('Gat', nodeContract(config, createGat));

describe('createGat', () => {
  it('refuses a config with an impossible or unknown field, naming it', () => {
    expect(() => createGat({ ...config, heads: 0 }, 1)).toThrow('createGat: heads: ');
    expect(() => createGat({ ...config, width: 3 } as typeof config, 1)).toThrow(
      'createGat: config: Unrecognized key: "width"',
    );
  });
});
