import { describe } from 'vitest';
import { describePolicy } from '../../policies/policy.test-support.ts';
import { createRecurrentPolicy } from './recurrent-policy.ts';

describe.each(['gru', 'lstm'] as const)('with a cell of kind %s', (cell) => {
  const config = {
    cell,
    observationSize: 2,
    actions: { kind: 'categorical', size: 2 },
    hiddenWidth: 12,
    normaliseObservations: false,
  } as const;
  describePolicy('RecurrentPolicy', config, createRecurrentPolicy);
});
