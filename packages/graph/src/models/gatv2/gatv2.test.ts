import { describeModelContract } from '@heed/testing';
import { describe, expect, it } from 'vitest';
import { nodeContract } from '../node-contract.test-support.ts';
import { createGatV2 } from './gatv2.ts';

const config = {
  inputs: 3,
  classes: 2,
  layers: 2,
  heads: 2,
  headWidth: 8,
  outputHeads: 2,
  edgeInputs: 0,
  sharedWeights: false,
  featureDropout: 0.5,
  attentionDropout: 0.5,
};

describeModelContract('GatV2', nodeContract(config, createGatV2));

describe('createGatV2', () => {
  it('refuses a config with an impossible or unknown field, naming it', () => {
    expect(() => createGatV2({ ...config, heads: 0 }, 1)).toThrow('createGatV2: heads: ');
    expect(() => createGatV2({ ...config, width: 3 } as typeof config, 1)).toThrow(
      'createGatV2: config: Unrecognized key: "width"',
    );
  });
});
