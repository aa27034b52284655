import { describe, expect, it } from 'vitest';

import type { Attribute, Binding } from './native-backend.ts';
import { countTensors, inferAttributes, type OpDefinition } from './op-definitions.ts';

const binding = { TF_ATTR_INT: 1, TF_ATTR_TYPE: 4 } as Binding;
const [float, int] = [1, 3];

const define = (inputs: OpDefinition['inputs']): OpDefinition => ({
  inputs,
  outputs: [],
  attributeTypes: new Map(),
  stateful: false,
});

describe('inferAttributes', () => {
  // As ConcatV2 declares them: values: N * T, axis: Tidx.
  const concat = define([
    { name: 'values', numberAttribute: 'N', typeAttribute: 'T' },
    { name: 'axis', typeAttribute: 'Tidx' },
  ]);

  it('finds counts and dtypes that a kernel left out', () => {
    expect(inferAttributes(concat, [], [float, float, float, int], binding)).toEqual([
      { name: 'N', type: 1, value: 3 },
      { name: 'T', type: 4, value: float },
      { name: 'Tidx', type: 4, value: int },
    ]);
  });

  it('adds nothing to what is given', () => {
    const given: Attribute[] = [
      { name: 'N', type: 1, value: 2 },
      { name: 'T', type: 4, value: float },
    ];
    expect(inferAttributes(concat, given, [float, float, int], binding)).toEqual([
      { name: 'Tidx', type: 4, value: int },
    ]);
  });

  it('lists the dtypes of a list of mixed tensors', () => {
    const mixed = define([{ name: 'input', typeListAttribute: 'T' }]);
    expect(inferAttributes(mixed, [], [float, int, float], binding)).toEqual([
      { name: 'T', type: 4, value: [float, int, float] },
    ]);
  });
});

describe('countTensors', () => {
  it('takes a list’s length from its attribute, else from the total', () => {
    const args = [{ name: 'one' }, { name: 'many', numberAttribute: 'N' }];
    expect(countTensors(args, new Map([['N', 4]]), 5)).toEqual([1, 4]);
    expect(countTensors(args, new Map(), 7)).toEqual([1, 6]);
  });
});
