import { describe, expect, it } from 'vitest';
import { configDifferences } from './config-differences.ts';

describe('configDifferences', () => {
  it('finds none between equal values, in whatever order, undefined being absent', () => {
    expect(configDifferences({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1, d: undefined })).toEqual([]);
    expect(configDifferences(undefined, undefined)).toEqual([]);
  });

  it.each([
    [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, ['a.b.1 was 2, is now 3']],
    [{ a: 1 }, { a: 1, b: 'x' }, ['b was absent, is now "x"']],
    [{ a: [] }, { a: {} }, ['a was [], is now {}']],
    [undefined, { a: 1 }, ['config was absent, is now {"a":1}']],
    [
      { a: 1, b: { c: 2, d: 3 }, e: 4 },
      { a: 2, b: { c: 2, d: 4 }, e: 4 },
      ['a was 1, is now 2', 'b.d was 3, is now 4'],
    ],
  ])('names every field in which %j and %j differ', (saved, current, expected) => {
    expect(configDifferences(saved, current)).toEqual(expected);
  });

  it('lets epochs and steps grow, and nothing else', () => {
    const run = (fit: object, model = { steps: 3 }) => ({ config: { fit, model } });
    expect(configDifferences(run({ steps: 4 }), run({ steps: 8 }))).toEqual([]);
    expect(configDifferences(run({ epochs: 4 }), run({ epochs: 8 }))).toEqual([]);
    expect(configDifferences(run({ steps: 4 }), run({ epochs: 8 }))).toEqual([]);
    expect(configDifferences({ config: { epochs: 1 } }, { config: { epochs: 2 } })).toEqual([]);
    expect(configDifferences(run({ steps: 8 }), run({ steps: 4 }))).toEqual(['config.fit.steps was 8, is now 4']);
    expect(configDifferences(run({}), run({}, { steps: 4 }))).toEqual(['config.model.steps was 3, is now 4']);
  });
});
