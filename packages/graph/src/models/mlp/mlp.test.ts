import { describeModelContract } from '@heed/testing';
import { nodeContract } from '../node-contract.test-support.ts';
import { createMlp } from './mlp.ts';

const config = { inputs: 3, classes: 2, layers: 2, hiddenWidth: 32, featureDropout: 0.5 };

describeModelContract('Mlp', nodeContract(config, createMlp));
