import { Linear, Module, Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { freeze, unfreeze } from './freeze.ts';

class Model extends Module {
  readonly body = new Linear({ inputs: 2, outputs: 2, random: new Random(1) });
  readonly head = new Linear({ inputs: 2, outputs: 1, random: new Random(2) });
}

const trainable = (model: Model) => model.trainableParameters().map(({ name }) => name);

describe('freeze', () => {
  it('leaves the parameters that fit out of training, until they are unfrozen', () => {
    const model = new Model();
    expect(freeze(model, /^body\./).map(({ name }) => name)).toEqual(['body.weight', 'body.bias']);
    expect(trainable(model)).toEqual(['head.weight', 'head.bias']);
    unfreeze(model, (name) => name.endsWith('bias'));
    expect(trainable(model)).toEqual(['body.bias', 'head.weight', 'head.bias']);
  });

  it('refuses a pattern that fits nothing', () => {
    expect(() => freeze(new Model(), /nothing/)).toThrow('freeze: /nothing/ must fit a parameter, got none');
  });
});
